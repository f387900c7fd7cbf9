"""What the crash and concurrency tests run in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy import event

from db.engine import open_database
from db.ledger import SqlLedger
from db.store import forget, save_scores
from records import Message, OpenChunk, Progress, Rejected
from tests.db.chunks import message, open_chunk, save, scores

# Forked from a small server that has imported us: quick, and without this process's threads.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.db.processes"])


def start(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    process = _CONTEXT.Process(target=target, args=arguments)
    process.start()
    return process


def exit_codes(processes: Sequence[BaseProcess], timeout_s: float = 60) -> list[int | None]:
    for process in processes:
        process.join(timeout_s)
    return [process.exitcode for process in processes]


def save_and_die(
    url: str, chunk_id: str, messages: Sequence[Message], model_id: int, deadly: int
) -> None:
    """Store a chunk, but kill -9 this process right after its `deadly`-th statement."""
    engine = open_database(url)
    _die_after(engine, deadly)
    save_scores(
        engine,
        chunk_id=chunk_id,
        messages=messages,
        scores=[scores()] * len(messages),
        model_id=model_id,
        worker_name="w",
    )


def open_and_die(url: str, ingest_id: str, deadly: int) -> None:
    """Open a chunk with rejects, but kill -9 this process right after its `deadly`-th statement."""
    engine = open_database(url)
    ledger = SqlLedger(engine)
    _die_after(engine, deadly)
    rejects = [Rejected("s", 1, None, "why"), Rejected("s", 2, None, "why")]
    ledger.open_chunk(ingest_id, 0, OpenChunk("c", b"p"), 3, rejects, Progress(5, 2, 0, 50, "h"))


def save_many(url: str, seed: int, model_ids: Sequence[int], n_chunks: int, n_keys: int) -> None:
    """Store chunks of messages that other processes store too, in another order."""
    draw = random.Random(seed)
    name = f"worker-{seed}"
    engine = open_database(url)
    for _ in range(n_chunks):
        numbers = draw.sample(range(n_keys), 40)
        chunk = [message(n, author="bob" if n % 5 == 0 else "ann") for n in numbers]
        given = [scores(draw.choice(["joy", "anger"]), draw.uniform(0.5, 1)) for _ in chunk]
        save(engine, chunk, draw.choice(model_ids), given, worker_name=name)


def save_same_chunk(url: str, chunk_id: str, messages: Sequence[Message], model_id: int) -> None:
    """Store one chunk that another process stores at the same time."""
    save(open_database(url), messages, model_id, chunk_id=chunk_id)


def forget_repeatedly(url: str, author: str, times: int) -> None:
    """Erase one author again and again."""
    engine = open_database(url)
    for _ in range(times):
        forget(engine, author=author)


def open_many(url: str, n_chunks: int) -> None:
    """Open chunks in the ledger, mark them and ask for the unstored."""
    engine = open_database(url)
    ledger = SqlLedger(engine)
    for n in range(n_chunks):
        ledger.mark_enqueued([open_chunk(engine, [message(n)])])
        ledger.unstored(older_than_s=0, limit=5)


def _die_after(engine: Any, deadly: int) -> None:
    count = 0

    def after(*_: object) -> None:
        nonlocal count
        count += 1
        if count == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "after_cursor_execute", after)
