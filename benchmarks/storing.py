"""Messages stored a second, against a plain executemany INSERT of the very same rows.

    python benchmarks/storing.py [--messages 50000] [--postgres URL] [--folder DIR]

What `save_scores` does beyond the INSERTs (ledger line, duplicates, tombstones, roll-up, one commit
a chunk) is the difference; absolute figures belong to the machine, ratios are comparable. "plain"
inserts messages and emotions with ids known in advance, one commit a chunk of the same size, into
the same tables. Each is run several times in turn and the medians are compared.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Engine, delete, insert, make_url
from sqlalchemy.engine import Connection

from db.engine import in_transaction, open_database
from db.ledger import SqlLedger
from db.prepared import emotions_row, prepare
from db.rollups import recount
from db.store import register_model, save_scores
from db.tables import Base, EmotionsRow, MessageRow
from records import EMOTIONS, Message, OpenChunk, Origin, Progress, Scores

CHUNK = 256
Chunk = tuple[Sequence[Message], Sequence[Scores]]


def make_chunks(n_messages: int, seed: int = 0) -> list[Chunk]:
    """Make messages of tweet length over 90 days, with scores of seven emotions."""
    draw = random.Random(seed)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    messages, scores = [], []
    for n in range(n_messages):
        words = " ".join(draw.choice(WORDS) for _ in range(draw.randint(5, 30)))
        moment = start + timedelta(seconds=n * 90 * 86400 // n_messages)
        author = f"author-{draw.randrange(2000)}"
        messages.append(Message("bench", f"{n:012d}", None, author, moment, words, "en"))
        weights = [draw.random() ** 4 for _ in range(7)]
        shares = [weight / sum(weights) for weight in weights]
        scores.append(Scores("scored", (*shares[:6], None, shares[6])))
    return [
        (messages[at : at + CHUNK], scores[at : at + CHUNK]) for at in range(0, n_messages, CHUNK)
    ]


WORDS = ("the", "flight", "was", "late", "again", "thank", "you", "for", "nothing", "love", "crew")


def store(engine: Engine, chunks: Sequence[Chunk]) -> float:
    """Store through save_scores; return messages a second. Ledger lines are opened beforehand."""
    empty(engine)
    model_id = register_model(engine, "bench@1", [name for name in EMOTIONS if name != "disgust"])
    ledger = SqlLedger(engine)
    state = ledger.begin(Origin(uuid.uuid4().hex, "bench", None, "{}"))
    ids = []
    for ordinal, (messages, _) in enumerate(chunks):
        ids.append(uuid.uuid4().hex)
        chunk = OpenChunk(ids[-1], b"x" * 10_000)
        progress = Progress(rows_read=(ordinal + 1) * CHUNK)
        ledger.open_chunk(state.ingest_id, ordinal, chunk, len(messages), [], progress)
    started = time.perf_counter()
    for chunk_id, (messages, scores) in zip(ids, chunks, strict=True):
        save_scores(
            engine,
            chunk_id=chunk_id,
            messages=messages,
            scores=scores,
            model_id=model_id,
            worker_name="bench",
            salt=b"salt",
        )
    return total(chunks) / (time.perf_counter() - started)


def insert_plainly(engine: Engine, chunks: Sequence[Chunk]) -> float:
    """Insert the same rows with the driver's executemany; return messages a second."""
    empty(engine)
    model_id = register_model(engine, "bench@1", [name for name in EMOTIONS if name != "disgust"])
    started = time.perf_counter()
    next_id = 1
    for messages, scores in chunks:
        prepared, _ = prepare(messages, scores, "keep", b"salt", datetime.now(UTC))
        rows = [{"id": next_id + n, **one.row} for n, one in enumerate(prepared.values())]
        emotions = [
            emotions_row(next_id + n, model_id, one.scores)
            for n, one in enumerate(prepared.values())
            if one.scores is not None
        ]
        next_id += len(rows)

        def work(connection: Connection, rows: object = rows, emotions: object = emotions) -> None:
            connection.execute(insert(MessageRow), rows)  # type: ignore[call-overload]
            connection.execute(insert(EmotionsRow), emotions)  # type: ignore[call-overload]

        in_transaction(engine, work)
    return total(chunks) / (time.perf_counter() - started)


def empty(engine: Engine) -> None:
    def work(connection: Connection) -> None:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "meta":
                connection.execute(delete(table))

    in_transaction(engine, work)


def total(chunks: Sequence[Chunk]) -> int:
    return sum(len(messages) for messages, _ in chunks)


def compare(engine: Engine, chunks: Sequence[Chunk], rounds: int) -> dict[str, float]:
    ways: dict[str, Callable[[Engine, Sequence[Chunk]], float]] = {
        "plain": insert_plainly,
        "save_scores": store,
    }
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            figures[name].append(way(engine, chunks))
    if differences := recount(engine):
        raise SystemExit(f"the roll-ups are wrong: {differences[0]}")
    medians = {name: statistics.median(values) for name, values in figures.items()}
    medians["ratio"] = medians["save_scores"] / medians["plain"]
    return {name: round(value, 3 if name == "ratio" else 0) for name, value in medians.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=25_600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", help="a server's URL; a database is made and dropped there")
    parser.add_argument("--folder", type=Path, help="where the SQLite file is made")
    arguments = parser.parse_args()
    chunks = make_chunks(arguments.messages)
    results = {}
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        engine = open_database(Path(folder) / "bench.db")
        results["sqlite"] = compare(engine, chunks, arguments.rounds)
        engine.dispose()
    if arguments.postgres:
        name = f"moodwatch_bench_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(arguments.postgres, autocommit=True) as admin:
            admin.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name)
                )
            )
            try:
                url = make_url(arguments.postgres).set(database=name)
                engine = open_database(url.render_as_string(hide_password=False))
                results["postgresql"] = compare(engine, chunks, arguments.rounds)
                engine.dispose()
            finally:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
