"""What a page shows beside the roll-ups: the busiest authors, and samples that stay small."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, event

from db import excerpts
from db.engine import open_database
from db.excerpts import Window, author_counts, busiest_authors, sample_messages
from db.queries import hourly
from db.store import register_model
from records import EMOTIONS, Scores
from tests.db.chunks import NOON, message, save, scores


def fill(engine: Engine, model_id: int) -> None:
    """Ann writes 6 messages, bob 3, cy 1; one of no author; one of bob's is not scored."""
    authors = ["ann"] * 6 + ["bob"] * 3 + ["cy", None]
    messages = [
        message(n, author=author, posted_at=NOON + timedelta(hours=8 * n))
        for n, author in enumerate(authors)
    ]
    messages.append(message(11, author="bob", posted_at=None))
    given = [scores("anger" if n % 2 else "joy", low_confidence=n == 1) for n in range(12)]
    given[6] = Scores.unsupported()
    save(engine, messages, model_id, given)


def test_the_busiest_authors_come_first_and_no_more_than_asked_for(
    engine: Engine, model_id: int
) -> None:
    fill(engine, model_id)

    everyone = busiest_authors(engine, limit=9)
    names = dict(zip(("ann", "bob", "cy"), everyone, strict=True))

    assert busiest_authors(engine, limit=2) == everyone[:2]
    late = busiest_authors(engine, limit=9, since=NOON + timedelta(hours=9 * 8))
    assert late == [names["cy"]]
    assert busiest_authors(engine, limit=9, source="nowhere") == []


def test_authors_counts_by_hour_and_by_day_agree_with_the_rollup(
    engine: Engine, model_id: int
) -> None:
    fill(engine, model_id)
    everyone = busiest_authors(engine, limit=9)

    by_hour = author_counts(engine, everyone, by="hour")
    by_day = author_counts(engine, everyone, by="day")
    rolled = hourly(engine)

    # The roll-up has the one message without an author besides, a joy.
    assert by_hour["n"].sum() == rolled["n"].sum() - 1 == 9
    assert by_day["n_anger"].sum() == rolled["n_anger"].sum() == 5
    assert by_day["n_unsupported"].sum() == 1
    assert by_day["n_low_confidence"].sum() == 1
    assert set(by_day["hour"].dt.hour) == {0}
    assert len(by_day) < len(by_hour)
    first = by_day[by_day["author"] == everyone[0]]
    assert first["n"].tolist() == [2, 3, 1]
    assert author_counts(engine, [], by="day").empty


def test_a_sample_is_bounded_in_messages_and_characters(engine: Engine, model_id: int) -> None:
    fill(engine, model_id)
    day = timedelta(days=1)
    windows = [Window(NOON, NOON + day), Window(NOON + day, NOON + 2 * day, source="support")]

    found = sample_messages(engine, windows, limit_each=2, most_characters=4)

    assert found["text"].tolist() == ["text"] * 4
    assert found["emotion"].tolist() == ["joy", "anger", "anger", "joy"]
    assert found["posted_at"].is_monotonic_increasing
    assert found["low_confidence"].tolist() == [False, True, False, False]
    elsewhere = [Window(NOON, NOON + day, source="nowhere")]
    assert sample_messages(engine, elsewhere, limit_each=2, most_characters=4).empty


def test_texts_that_are_not_kept_are_no_sample(engine: Engine, model_id: int) -> None:
    save(engine, [message(1)], model_id, [scores()], text_mode="drop")

    windows = [Window(NOON, NOON + timedelta(days=1))]
    assert sample_messages(engine, windows, limit_each=9, most_characters=99).empty


def test_many_busy_authors_are_counted_alike_in_the_order_of_the_table(
    engine: Engine, model_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, model_id)
    hour = timedelta(hours=1)
    ranges: list[dict[str, Any]] = [
        {},
        {"since": NOON + 3 * hour},
        {"until": NOON + 70 * hour},
        {"since": NOON + 8 * hour, "until": NOON + 64 * hour},
        {"since": NOON + 8 * hour, "until": NOON + 9 * hour},
        {"since": NOON + 999 * hour},
        {"source": "support"},
    ]
    everyone = busiest_authors(engine, limit=9)
    by_index = [author_counts(engine, everyone, by="hour", **range_) for range_ in ranges]

    monkeypatch.setattr(excerpts, "_MANY_AUTHORS", 1)

    for range_, expected in zip(ranges, by_index, strict=True):
        counted = author_counts(engine, everyone, by="hour", **range_)
        pd.testing.assert_frame_equal(counted, expected)
        n = expected["n"] + expected["n_unsupported"]
        sizes = n.groupby(expected["author"]).sum()
        named = busiest_authors(engine, limit=9, **range_)
        assert named == sorted(sizes.index, key=lambda name: (-sizes[name], name))
    assert [len(counted) for counted in by_index] == [10, 9, 9, 7, 1, 0, 10]


def test_busy_authors_of_all_times_are_read_from_one_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excerpts, "_MANY_AUTHORS", 1)
    engine = open_database(tmp_path / "moodwatch.db")
    fill(engine, register_model(engine, "tiny@1", EMOTIONS))
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    names = busiest_authors(engine, limit=9, since=NOON, until=NOON + timedelta(days=9))
    author_counts(engine, names, by="day", since=NOON, until=NOON + timedelta(days=9))
    [busiest, counts] = [one for one in asked if "GROUP BY" in one[0]]
    with sqlite3.connect(tmp_path / "moodwatch.db") as connection:
        plans = [
            [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in (busiest, counts)
        ]
    engine.dispose()

    assert "USING COVERING INDEX ix_messages_author_posted_at" in plans[0][0]
    assert plans[1][0] == "SCAN messages"
    assert plans[1][1].startswith("SEARCH emotions USING INDEX")
