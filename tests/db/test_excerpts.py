"""What a page shows beside the roll-ups: the busiest authors, and samples that stay small."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from db.excerpts import Window, author_counts, busiest_authors, sample_messages
from db.queries import hourly
from records import Scores
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
