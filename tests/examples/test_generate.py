"""The shipped sample is what its generator makes, and holds what truth.json says."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from examples.generate import (
    N_DAYS,
    OUTAGE_DAY,
    Post,
    generate_journal,
    generate_posts,
    write_sample,
)
from records import EMOTIONS
from reporting.shifts import detect

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = ("posts.csv", "journal.md", "truth.json")


def true_daily(posts: list[Post]) -> pd.DataFrame:
    """Count the generator's own emotions by day, as a perfect scorer would."""
    frame = pd.DataFrame(
        {"day": pd.Timestamp(post.created_at.date()), "emotion": post.emotion} for post in posts
    )
    counts = frame.value_counts(["day", "emotion"]).unstack(fill_value=0)
    counts = counts.reindex(columns=list(EMOTIONS), fill_value=0).add_prefix("n_")
    return counts.reset_index().assign(source="posts")


def test_shipped_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    write_sample(tmp_path)

    for name in FILES:
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes(), name


def test_shipped_files_are_small() -> None:
    assert sum((EXAMPLES / name).stat().st_size for name in FILES) < 500_000


def test_posts_are_many_dated_and_rarely_alike() -> None:
    with (EXAMPLES / "posts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    days = Counter(row["created_at"][:10] for row in rows)
    weekend = sum(n for day, n in days.items() if date.fromisoformat(day).weekday() >= 5)

    assert 2700 <= len(rows) <= 3300
    assert len(days) == N_DAYS
    assert len({row["id"] for row in rows}) == len(rows)
    assert 24 <= len({row["author"] for row in rows}) <= 48
    assert len({row["text"].lower() for row in rows}) >= 0.99 * len(rows)
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
    assert weekend / len(rows) > 2 / 7 * 1.1
    assert all("{" not in row["text"] for row in rows)


def test_every_emotion_occurs() -> None:
    counts = Counter(post.emotion for post in generate_posts())

    assert set(counts) == set(EMOTIONS)


def test_the_outage_turns_joy_into_anger_and_nothing_else() -> None:
    posts = [post for seed in range(4) for post in generate_posts(seed)]
    start = true_daily(posts)["day"].min() + pd.Timedelta(days=OUTAGE_DAY)
    before = [p.emotion for p in posts if p.created_at.date() < start.date()]
    after = [p.emotion for p in posts if p.created_at.date() >= start.date()]
    change = {
        emotion: after.count(emotion) / len(after) - before.count(emotion) / len(before)
        for emotion in EMOTIONS
    }

    assert change["anger"] > 0.15
    assert change["joy"] < -0.15
    assert all(abs(change[e]) < 0.03 for e in EMOTIONS if e not in {"anger", "joy"})


def test_with_true_emotions_19_of_20_seeds_are_found_and_2_at_most_flag_anything_else() -> None:
    found, others = 0, 0
    for seed in range(20):
        daily = true_daily(generate_posts(seed))
        day = daily["day"].min().date()
        shifts = detect(daily).shifts
        planted = [
            s
            for s in shifts
            if (s.emotion, s.direction) in {("anger", "up"), ("joy", "down")}
            and (s.detected_at - day).days >= OUTAGE_DAY
        ]
        found += any((s.detected_at - day).days <= OUTAGE_DAY + 7 for s in planted)
        others += len(planted) != len(shifts)

    assert found >= 19
    assert others <= 2


def test_one_entry_a_day_is_enough_for_the_journals_shift_within_five_weeks() -> None:
    start = generate_journal()[0].day
    found = []
    for seed in range(8):
        entries = generate_journal(seed)
        frame = pd.DataFrame(
            {"day": pd.Timestamp(entry.day), "emotion": entry.emotion} for entry in entries
        )
        counts = frame.value_counts(["day", "emotion"]).unstack(fill_value=0).add_prefix("n_")
        found.append(detect(counts.reset_index().assign(source="journal")).shifts)

    on_time = [any(70 <= (s.detected_at - start).days <= 105 for s in shifts) for shifts in found]
    assert sum(on_time) >= 7
    assert sum(any(s.emotion == "joy" and s.direction == "up" for s in x) for x in found) >= 6


def test_journal_has_an_entry_a_day_and_the_truth_is_dated() -> None:
    entries = generate_journal()
    truth = json.loads((EXAMPLES / "truth.json").read_text(encoding="utf-8"))

    assert len({entry.day for entry in entries}) == 120
    assert truth["posts"]["shift_day"] == "2025-05-27"
    assert truth["journal"]["n"] == 120


@pytest.mark.parametrize("seed", [0, 99])
def test_another_seed_makes_another_sample(seed: int, tmp_path: Path) -> None:
    write_sample(tmp_path, seed)

    assert (tmp_path / "posts.csv").read_bytes() != (EXAMPLES / "posts.csv").read_bytes()
