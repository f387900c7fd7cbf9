"""One row a change: found again it is updated, and what a person decided stays decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from db.queries import read_only_query
from db.shifts import (
    MAX_WORDS,
    Moved,
    ShiftRecord,
    UnknownShiftError,
    get_shift,
    list_shifts,
    save_shifts,
    set_state,
)
from db.store import register_model
from records import EMOTIONS

DAY = timedelta(days=1)
NOW = datetime(2024, 6, 3, 6, tzinfo=UTC)
ANGER = ShiftRecord(
    *("support", None, "anger", "up", NOW - 9 * DAY, NOW - 5 * DAY, 0.1, 0.3, 3.9, 60, 7),
    interval_before=(0.08, 0.12),
    interval_after=(0.25, 0.36),
    persistence_days=4,
    words=[Moved("refund", 1, 40, 6.5)],
)
SILENCE = ShiftRecord(
    *("support", None, None, "down", NOW - 3 * DAY, NOW - 2 * DAY, 0.0, 0.0, None, 0, 4),
    kind="silence",
    rate_before=40.0,
    rate_after=0.0,
)


def states_in_the_view(engine: Engine) -> list[str]:
    with read_only_query(engine, "SELECT state FROM mood_shifts ORDER BY id") as (_, rows):
        return [str(row[0]) for row in rows]


def test_a_shift_comes_back_as_it_was_stored(engine: Engine, model_id: int) -> None:
    assert save_shifts(engine, [ANGER, SILENCE], model_id, now=NOW) == 2

    silence, anger = list_shifts(engine, now=NOW)

    assert anger.record == replace(ANGER, words=tuple(ANGER.words or ()), authors=())
    assert (anger.model, anger.state, anger.opened_at) == ("tiny@1", "open", NOW)
    assert silence.record == replace(SILENCE, words=(), authors=())
    assert get_shift(engine, anger.id, now=NOW) == anger


def test_a_shift_found_again_is_updated_and_not_doubled(engine: Engine, model_id: int) -> None:
    save_shifts(engine, [ANGER], model_id, now=NOW)
    [first] = list_shifts(engine)
    again = replace(
        ANGER, detected_at=ANGER.detected_at + DAY, share_after=0.4, severity=9, words=None
    )

    assert save_shifts(engine, [again], model_id, now=NOW + DAY) == 0

    [kept] = list_shifts(engine)
    assert kept.id == first.id
    assert (kept.record.share_after, kept.record.severity) == (0.4, 9)
    # When it was flagged, and words that were not looked at again, stay.
    assert (kept.record.detected_at, kept.opened_at) == (ANGER.detected_at, NOW)
    assert kept.record.words == (Moved("refund", 1, 40, 6.5),)


def test_one_open_shift_a_change_and_not_one_a_day(engine: Engine, model_id: int) -> None:
    for n in range(20):
        late = replace(ANGER, detected_at=ANGER.detected_at + n * DAY, persistence_days=4 + n)
        save_shifts(engine, [late], model_id, now=NOW + n * DAY)

    [kept] = list_shifts(engine)
    assert kept.record.persistence_days == 23


def test_another_change_is_a_shift_of_its_own(engine: Engine, model_id: int) -> None:
    others = [
        replace(ANGER, direction="down"),
        replace(ANGER, emotion="joy"),
        replace(ANGER, source="shop"),
        replace(ANGER, author="ann"),
        replace(ANGER, detected_at=ANGER.detected_at + 29 * DAY),
    ]

    assert save_shifts(engine, [ANGER, *others], model_id, now=NOW) == 6
    assert save_shifts(engine, [ANGER, *others], model_id, now=NOW) == 0


def test_two_changes_found_together_are_two(engine: Engine, model_id: int) -> None:
    second = replace(ANGER, detected_at=ANGER.detected_at + 20 * DAY)

    assert save_shifts(engine, [ANGER, second], model_id, now=NOW) == 2
    assert save_shifts(engine, [ANGER, second], model_id, now=NOW) == 0


def test_what_was_decided_stays_with_its_change_when_one_before_it_is_found(
    engine: Engine, model_id: int
) -> None:
    save_shifts(engine, [ANGER], model_id, now=NOW)
    [known] = list_shifts(engine, now=NOW)
    set_state(engine, known.id, "acknowledged", now=NOW)
    before = replace(
        ANGER, started_at=ANGER.started_at - 20 * DAY, detected_at=ANGER.detected_at - 20 * DAY,
        share_after=0.15,
    )  # fmt: skip

    assert save_shifts(engine, [before, ANGER], model_id, now=NOW) == 1

    found = {shift.id: shift for shift in list_shifts(engine, now=NOW)}
    kept = found.pop(known.id)
    assert (kept.state, kept.record.share_after) == ("acknowledged", ANGER.share_after)
    [other] = found.values()
    assert (other.state, other.record.share_after) == ("open", 0.15)


def test_a_drop_and_a_silence_of_one_day_are_two(engine: Engine, model_id: int) -> None:
    drop = replace(SILENCE, kind="volume", n=3)

    for n_new in (2, 0):
        assert save_shifts(engine, [SILENCE, drop], model_id) == n_new

    # Two findings that the table cannot tell apart are one, and no failure.
    far = replace(SILENCE, started_at=SILENCE.started_at - 9 * DAY)
    assert save_shifts(engine, [SILENCE, far], model_id) == 0


def test_a_decision_outlives_the_next_report(engine: Engine, model_id: int) -> None:
    save_shifts(engine, [ANGER], model_id, now=NOW)
    [shift] = list_shifts(engine)

    set_state(engine, shift.id, "acknowledged", now=NOW)
    save_shifts(engine, [replace(ANGER, severity=9)], model_id, now=NOW + DAY)

    assert get_shift(engine, shift.id).state == "acknowledged"
    assert states_in_the_view(engine) == ["acknowledged"]


def test_a_snoozed_shift_is_open_again_when_its_time_is_over(engine: Engine, model_id: int) -> None:
    save_shifts(engine, [ANGER, replace(ANGER, emotion="fear")], model_id)
    now = datetime.now(UTC)
    fear, anger = list_shifts(engine)

    set_state(engine, anger.id, "snoozed", now + DAY)
    set_state(engine, fear.id, "snoozed", now - DAY)

    assert get_shift(engine, anger.id, now=now).state == "snoozed"
    assert get_shift(engine, anger.id, now=now + 2 * DAY).state == "open"
    assert [s.id for s in list_shifts(engine, states=["open"], now=now)] == [fear.id]
    assert states_in_the_view(engine) == ["snoozed", "open"]


def test_a_shift_that_is_over_is_closed_until_a_person_says_otherwise(
    engine: Engine, model_id: int
) -> None:
    over = replace(ANGER, is_over=True)
    save_shifts(engine, [ANGER], model_id, now=NOW)
    [shift] = list_shifts(engine)
    set_state(engine, shift.id, "acknowledged", now=NOW + DAY)

    save_shifts(engine, [over], model_id, now=NOW + 2 * DAY)
    assert get_shift(engine, shift.id).state == "closed"
    assert states_in_the_view(engine) == ["closed"]

    set_state(engine, shift.id, "open", now=NOW + 3 * DAY)
    save_shifts(engine, [over], model_id, now=NOW + 4 * DAY)
    assert get_shift(engine, shift.id).state == "open"
    assert states_in_the_view(engine) == ["open"]


def test_shifts_are_found_by_what_they_are(engine: Engine, model_id: int) -> None:
    save_shifts(engine, [ANGER, SILENCE, replace(ANGER, source="shop", severity=2)], model_id)

    def ids(**wanted: object) -> list[str]:
        return [
            f"{shift.record.source} {shift.record.kind}"
            for shift in list_shifts(engine, **wanted)  # type: ignore[arg-type]
        ]

    assert ids(kinds=["silence"]) == ["support silence"]
    assert ids(source="shop") == ["shop mood"]
    assert ids(least_severity=5) == ["support mood"]
    assert ids(emotion="joy") == []
    assert ids(since=NOW - 2 * DAY) == ["support silence"]
    assert ids(limit=1) == ["support silence"]
    assert ids(states=["closed"]) == []


def test_lists_are_of_the_current_model_but_silence_is_of_all(
    engine: Engine, model_id: int
) -> None:
    save_shifts(engine, [ANGER, SILENCE], model_id, now=NOW)
    second = register_model(engine, "tiny@2", EMOTIONS, make_current=True)

    assert [shift.record.kind for shift in list_shifts(engine)] == ["silence"]
    assert save_shifts(engine, [ANGER, SILENCE], second, now=NOW) == 1


def test_a_decision_is_carried_to_the_same_change_as_a_new_model_sees_it(
    engine: Engine, model_id: int
) -> None:
    fear = replace(ANGER, emotion="fear")
    save_shifts(engine, [ANGER, fear, replace(ANGER, emotion="joy")], model_id, now=NOW)
    _, fear_id, anger_id = (shift.id for shift in list_shifts(engine))
    until = datetime.now(UTC) + 30 * DAY
    set_state(engine, anger_id, "acknowledged", now=NOW + DAY)
    set_state(engine, fear_id, "snoozed", until, now=NOW + DAY)

    second = register_model(engine, "tiny@2", EMOTIONS, make_current=True)
    # Another model begins the change on another day, and flags it on another one.
    moved = {"started_at": ANGER.started_at - 6 * DAY, "detected_at": ANGER.detected_at + 2 * DAY}
    again = [replace(one, **moved) for one in (ANGER, fear, replace(ANGER, emotion="joy"))]  # type: ignore[arg-type]
    assert save_shifts(engine, again, second, now=NOW + 2 * DAY) == 3

    held = {shift.record.emotion: shift for shift in list_shifts(engine)}
    assert {shift.model for shift in held.values()} == {"tiny@2"}
    assert held["anger"].state == "acknowledged"
    assert held["anger"].changed_at == NOW + DAY
    assert (held["fear"].state, held["fear"].snoozed_until) == ("snoozed", until)
    # Nobody said anything about joy.
    assert (held["joy"].state, held["joy"].changed_at) == ("open", None)
    assert sorted(states_in_the_view(engine)) == ["acknowledged", "open", "snoozed"]
    # The old model's own are as they were, and what is decided now stays decided.
    assert get_shift(engine, anger_id).state == "acknowledged"
    set_state(engine, held["anger"].id, "open", now=NOW + 3 * DAY)
    assert save_shifts(engine, again, second, now=NOW + 4 * DAY) == 0
    assert get_shift(engine, held["anger"].id).state == "open"


def test_a_decision_is_carried_to_nothing_else(engine: Engine, model_id: int) -> None:
    save_shifts(engine, [ANGER], model_id, now=NOW)
    set_state(engine, list_shifts(engine)[0].id, "acknowledged", now=NOW)
    second = register_model(engine, "tiny@2", EMOTIONS, make_current=True)
    late = ANGER.started_at + 28 * DAY + timedelta(seconds=1)

    others = [
        replace(ANGER, direction="down"),
        replace(ANGER, emotion="joy"),
        replace(ANGER, source="shop"),
        replace(ANGER, author="ann"),
        replace(ANGER, started_at=late, detected_at=late + 3 * DAY),
    ]
    assert save_shifts(engine, others, second, now=NOW) == 5

    assert {shift.state for shift in list_shifts(engine)} == {"open"}


def test_a_decision_goes_to_one_change_the_nearest(engine: Engine, model_id: int) -> None:
    save_shifts(engine, [ANGER], model_id, now=NOW)
    set_state(engine, list_shifts(engine)[0].id, "closed", now=NOW)
    second = register_model(engine, "tiny@2", EMOTIONS, make_current=True)

    def begun(days: int) -> ShiftRecord:
        later = days * DAY
        started_at, detected_at = ANGER.started_at + later, ANGER.detected_at + later
        return replace(ANGER, started_at=started_at, detected_at=detected_at)

    # Both began within 28 days of it, the farther one is named first.
    assert save_shifts(engine, [begun(-20), begun(4)], second, now=NOW) == 2
    states = {shift.record.started_at: shift.state for shift in list_shifts(engine)}
    assert states == {begun(-20).started_at: "open", begun(4).started_at: "closed"}

    # A later report finds a third: the decision has gone already.
    assert save_shifts(engine, [begun(-20), begun(4), begun(27)], second, now=NOW) == 1
    assert [shift.state for shift in list_shifts(engine)] == ["open", "closed", "open"]


def test_of_several_models_the_newest_decision_is_carried(engine: Engine, model_id: int) -> None:
    save_shifts(engine, [ANGER], model_id, now=NOW)
    set_state(engine, list_shifts(engine)[0].id, "acknowledged", now=NOW)
    for name, decided in (("tiny@2", "closed"), ("tiny@3", None)):
        model = register_model(engine, name, EMOTIONS, make_current=True)
        save_shifts(engine, [ANGER], model, now=NOW + DAY)
        if decided is not None:
            set_state(engine, list_shifts(engine)[0].id, "closed", now=NOW + 2 * DAY)

    [shift] = list_shifts(engine)
    assert (shift.model, shift.state, shift.changed_at) == ("tiny@3", "closed", NOW + 2 * DAY)


def test_who_reopened_a_shift_that_was_over_finds_it_open_with_a_new_model(
    engine: Engine, model_id: int
) -> None:
    over = replace(ANGER, is_over=True)
    save_shifts(engine, [over], model_id, now=NOW)
    set_state(engine, list_shifts(engine)[0].id, "open", now=NOW + DAY)
    second = register_model(engine, "tiny@2", EMOTIONS, make_current=True)

    save_shifts(engine, [over], second, now=NOW + 2 * DAY)

    assert list_shifts(engine)[0].state == "open"
    assert states_in_the_view(engine) == ["open"]


def test_lists_kept_with_a_shift_are_bounded(engine: Engine, model_id: int) -> None:
    many = [Moved("w" * 200, 1, 2, z) for z in range(100)]
    save_shifts(engine, [replace(ANGER, words=many)], model_id)

    words = list_shifts(engine)[0].record.words
    assert words is not None
    assert [word.z for word in words] == list(range(99, 99 - MAX_WORDS, -1))
    assert {len(word.name) for word in words} == {40}


def test_an_unknown_id_is_told_with_what_to_do(engine: Engine, model_id: int) -> None:
    for ask in (get_shift, lambda e, i: set_state(e, i, "open")):
        with pytest.raises(UnknownShiftError, match="found 77: 'moodwatch shifts list'"):
            ask(engine, 77)


def test_only_a_snoozed_shift_has_an_end(engine: Engine, model_id: int) -> None:
    with pytest.raises(ValueError, match="expected an end"):
        set_state(engine, 1, "snoozed")
    with pytest.raises(ValueError, match="expected an end"):
        set_state(engine, 1, "open", NOW)
