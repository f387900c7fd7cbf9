"""How long a report over 10 million messages takes to make, and its page to open in Chromium.

    python -m benchmarks.report_page --messages 1000000

The roll-ups are those of 10 million messages over three years; of the messages themselves as many
are stored as asked for, by 5,000 authors as busy as Zipf has it: the page's counts come from the
roll-ups, its authors and examples from the messages. Opening is measured from navigation to the
load event, charts drawn, and again after a filter; CPU seconds are the tab's main thread's.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from db.engine import open_database
from db.store import register_model
from records import EMOTIONS
from reporting.jobs import build_report
from tests.support.chromium import Browser, Tab

FIRST = datetime(2023, 1, 2, tzinfo=UTC)
HOURS = 24 * 7 * 156
SOURCES = ("posts", "support", "reviews", "mails", "forum", "chat")
SCORED = tuple(emotion for emotion in EMOTIONS if emotion != "disgust")
SHARES = np.array([0.1, 0.3, 0.06, 0.12, 0.04, 0.08, 0.3])
TEXT = "the app is slow today but we love how it looks and hate when login breaks again"
WORDS = tuple(TEXT.split())
N_AUTHORS = 5_000
BATCH = 50_000


def moment(hour: int, second: int = 0) -> str:
    return f"{FIRST + timedelta(hours=hour, seconds=second):%Y-%m-%d %H:%M:%S}.000000"


def fill_rollups(connection: sqlite3.Connection, n_messages: int) -> int:
    rng = np.random.default_rng(1)
    day = 1 + 0.6 * np.sin(np.arange(HOURS) / 24 * 2 * np.pi)
    total = 0
    columns = ["hour", "source", "model_id", "shard", "n"]
    columns += [f"n_{e}" for e in EMOTIONS] + [f"sum_{e}" for e in EMOTIONS]
    columns += ["n_unsupported", "n_low_confidence"]
    marks = ", ".join("?" * len(columns))
    for place, source in enumerate(SOURCES):
        weight = (place + 1) / sum(range(1, len(SOURCES) + 1))
        counts = rng.poisson(day / day.sum() * n_messages * weight)
        rows = []
        for hour, n in enumerate(counts):
            by = dict(zip(SCORED, rng.multinomial(n, SHARES), strict=True))
            top = [int(by.get(e, 0)) for e in EMOTIONS]
            sums = [int(count) * 9_000 for count in top]
            rows.append(
                (moment(hour), source, 1, 0, int(n), *top, *sums, int(n) // 50, int(n) // 20)
            )
        connection.executemany(f"INSERT INTO rollups ({', '.join(columns)}) VALUES ({marks})", rows)
        total += int(counts.sum())
    return total


def fill_messages(connection: sqlite3.Connection, n_messages: int) -> None:
    rng = np.random.default_rng(2)
    weights = 1 / np.arange(1, N_AUTHORS + 1) ** 0.8
    names = [f"{number:032x}" for number in rng.permutation(N_AUTHORS) * 7919]
    for start in range(0, n_messages, BATCH):
        n = min(BATCH, n_messages - start)
        authors = rng.choice(N_AUTHORS, n, p=weights / weights.sum())
        emotions = rng.choice(len(SCORED), n, p=SHARES)
        sources = rng.integers(len(SOURCES), size=n)
        seconds = (np.arange(start, start + n) * (HOURS * 3600 / n_messages)).astype(int)
        words = rng.integers(len(WORDS), size=(n, 12))
        top = rng.uniform(0.4, 1, n)
        connection.executemany(
            "INSERT INTO messages (id, source, external_id, author, posted_at, text, language, "
            "ingested_at) VALUES (?, ?, ?, ?, ?, ?, 'en', ?)",
            [
                (
                    start + row + 1, SOURCES[sources[row]], str(start + row), names[authors[row]],
                    moment(0, int(seconds[row])), " ".join(WORDS[w] for w in words[row]), moment(0),
                )
                for row in range(n)
            ],
        )  # fmt: skip
        connection.executemany(
            "INSERT INTO emotions (message_id, model_id, status, emotion, confidence, "
            "low_confidence, joy) VALUES (?, 1, 'scored', ?, ?, 0, 0.5)",
            [(start + row + 1, SCORED[emotions[row]], float(top[row])) for row in range(n)],
        )


@contextmanager
def without_indexes(connection: sqlite3.Connection, table: str) -> Iterator[None]:
    """Drop a table's indexes and make them again after: many rows are stored in half the time."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql <> ''",
        (table,),
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _, made_by in found:
        connection.execute(made_by)


def main_thread_s(tab: Tab) -> float:
    metrics = tab.call("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def time_page(path: Path) -> None:
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        Browser("chromium", Path(profile)) as browser,
    ):
        tab = browser.open(path)
        # The thread's own clock: on a busy machine seconds say more about the others.
        tab.call("Performance.enable", timeDomain="threadTicks")
        before = main_thread_s(tab)
        browser.events.clear()
        tab.call("Page.reload")
        browser.wait_for("Page.loadEventFired", tab.session)
        cpu = main_thread_s(tab) - before
        opened = tab.evaluate(
            "performance.timing.loadEventEnd - performance.timing.navigationStart"
        )
        size = path.stat().st_size / 1e6
        print(f"page of {size:.2f} MB opened in {opened / 1000:.2f} s ({cpu:.2f} s of CPU)")
        for told, script in (
            ("one source", "s => s.source.value = '2'"),
            ("one author", "s => s.author.value = '0'"),
            ("all others", "s => s.author.value = '-2'"),
            ("by day", "s => s.period.value = 'day'"),
        ):
            took = tab.evaluate(
                "(() => { const t = performance.now(); const f = document.forms.filters;"
                f"({script})(f.elements); f.dispatchEvent(new Event('change'));"
                "document.body.offsetHeight; return performance.now() - t; })()"
            )
            print(f"filter, {told}: {took / 1000:.2f} s")
        assert tab.complaints() == [], tab.complaints()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rolled-up", type=int, default=10_000_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--period", default="week")
    parser.add_argument("--folder", type=Path, default=None, help="keep the database here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        database = folder / "large.db"
        is_new = not database.exists()
        engine = open_database(database)
        register_model(engine, "tiny@000000000001", SCORED)
        if is_new:
            with sqlite3.connect(database) as connection:
                connection.execute("PRAGMA synchronous = off")
                total = fill_rollups(connection, chosen.rolled_up)
                with without_indexes(connection, "messages"):
                    fill_messages(connection, chosen.messages)
            print(f"rolled up {total:,} messages, stored {chosen.messages:,}")
        started, cpu = time.perf_counter(), time.process_time()
        result = build_report(engine, out_dir=folder, period=chosen.period)
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"report made in {wall:.1f} s ({cpu:.1f} s of CPU), at most {memory:,.0f} MiB")
        engine.dispose()
        time_page(result.path)


if __name__ == "__main__":
    main()
