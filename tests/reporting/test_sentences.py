"""What people read first is right and in plain words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from reporting.sentences import (
    change_sentence,
    headlines,
    one_change_each,
    percent,
    seen_line,
    shift_line,
    standing_sentence,
)
from reporting.series import Shift
from reporting.trends import trend
from tests.reporting.frames import hourly_frame

ANGER = Shift(
    source="posts",
    emotion="anger",
    direction="up",
    started_at=date(2025, 5, 27),
    detected_at=date(2025, 5, 29),
    share_before=0.07,
    share_after=0.29,
    odds_ratio=5.4,
    n=75,
    severity=6,
    state="open",
)
JOY = replace(ANGER, emotion="joy", direction="down", share_before=0.3, share_after=0.09)


def test_a_shift_line_names_emotion_direction_and_date() -> None:
    assert shift_line(ANGER) == (
        "shift: anger up since 2025-05-27 (7 % -> 29 %, posts, flagged 2025-05-29)"
    )


def test_one_authors_change_is_told_as_such_and_apart() -> None:
    ann = replace(ANGER, author="0123456789abcdef")

    assert "posts (author 01234567), flagged" in shift_line(ann)
    assert "posts (author 01234567))" in seen_line(ann)
    assert one_change_each([ANGER, ann, JOY]) == [[ANGER, JOY], [ann]]


def test_what_was_seen_afterwards_does_not_look_like_an_alarm() -> None:
    line = seen_line(ANGER)

    assert line.startswith("seen afterwards, not an alarm: anger up since 2025-05-27")
    assert "flagged" not in line


@pytest.mark.parametrize(("share", "text"), [(0, "0 %"), (0.004, "0.4 %"), (0.294, "29 %")])
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_one_change_is_one_sentence() -> None:
    later = replace(ANGER, started_at=date(2025, 6, 20), detected_at=date(2025, 6, 22))
    other = replace(ANGER, source="mails")

    changes = one_change_each([ANGER, later, JOY, other])

    assert sorted(len(change) for change in changes) == [1, 1, 2]
    assert change_sentence([ANGER, JOY]) == (
        "Anger rose from 7 % to 29 % and joy fell from 30 % to 9 % on 27 May 2025 in posts, "
        "75 messages until it was flagged."
    )


def test_a_change_that_is_over_says_so() -> None:
    assert "still lie at the new level" in standing_sentence([ANGER])
    assert "2 days after it began" in standing_sentence([ANGER])
    assert "it is over" in standing_sentence([replace(ANGER, state="over")])


def test_headlines_put_the_newest_shift_first_and_tell_the_newest_complete_week() -> None:
    monday = datetime(2025, 5, 19, 12, tzinfo=UTC)
    frame = hourly_frame(
        [
            (monday, "posts", {"joy": 6, "anger": 4}),
            (datetime(2025, 5, 26, 12, tzinfo=UTC), "posts", {"joy": 2, "anger": 8}),
            (datetime(2025, 6, 2, 12, tzinfo=UTC), "posts", {"fear": 3}),
        ]
    )
    old = replace(JOY, started_at=date(2024, 1, 1), detected_at=date(2024, 1, 3))

    told = headlines(trend(frame), period="week", shifts=[old, ANGER], n_days_judged=9)

    assert told[0].startswith("Anger rose from 7 % to 29 % on 27 May 2025 in posts, 75 messages")
    assert told[1].startswith("Joy fell from 30 % to 9 % on 1 January 2024")
    assert told[2].startswith(
        "In the week of 26 May 2025 the most frequent emotion was anger: 80 %"
    )
    assert "-0.60, 0.80 below the week of 19 May 2025" in told[3]
    assert "23 scored messages in 3 weeks" in told[4]


def test_no_shift_and_no_verdict_are_not_the_same() -> None:
    frame = hourly_frame([(datetime(2025, 5, 19, 12, tzinfo=UTC), "posts", {"joy": 6})])
    found = trend(frame)

    quiet = headlines(found, period="week", shifts=[], n_days_judged=50)
    young = headlines(found, period="week", shifts=[], n_days_judged=0)

    assert quiet[0] == "No mood shift was flagged on the 50 days that could be judged."
    assert "too little evidence" in young[0]


def test_an_empty_trend_says_so() -> None:
    frame = hourly_frame([(datetime(2025, 5, 19, 12, tzinfo=UTC), "posts", {"joy": 6})]).iloc[:0]

    assert (
        "no scored messages"
        in headlines(trend(frame), period="week", shifts=[], n_days_judged=0)[0]
    )
