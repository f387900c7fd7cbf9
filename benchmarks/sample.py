"""Find the sample's planted shift in many of its seeds, scored with the default bundle.

    python benchmarks/sample.py [--seeds 20] [--true-labels]

Prints a line a seed: whether anger rose or joy fell within 7 days of the outage, after how many
days each was flagged, and what else was flagged. The bar: at least 19 of 20 found, at most 2 with
anything else.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # examples/ is not installed

from examples.generate import FIRST_DAY, OUTAGE_DAY, Post, generate_posts
from model.bundle import load_bundle
from records import EMOTIONS
from reporting.series import Shift
from reporting.shifts import ShiftSettings, detect
from worker.onnx_scorer import OnnxScorer

PLANTED = {("anger", "up"), ("joy", "down")}
#: A line that says the same still later counts as something else.
LATEST_DAYS = 28
SHIFT_DAY = FIRST_DAY + timedelta(days=OUTAGE_DAY)


def daily(posts: Sequence[Post], emotions: Sequence[str | None]) -> pd.DataFrame:
    """Return a daily frame of one source as `detect` takes it; None is a post without a score."""
    held = [
        (post.created_at.date(), emotion)
        for post, emotion in zip(posts, emotions, strict=True)
        if emotion is not None
    ]
    frame = pd.DataFrame(held, columns=["day", "emotion"])
    frame["day"] = pd.to_datetime(frame["day"])
    counts = frame.value_counts(["day", "emotion"]).unstack(fill_value=0)
    present = [emotion for emotion in EMOTIONS if emotion in counts.columns]
    return counts[present].add_prefix("n_").reset_index().assign(source="posts")


def told(shift: Shift) -> str:
    days = (shift.detected_at - SHIFT_DAY).days
    return f"{shift.emotion} {shift.direction} {days:+d}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--true-labels", action="store_true", help="as a perfect scorer would")
    parser.add_argument("--caution", type=float, default=0.0)
    arguments = parser.parse_args()
    settings = ShiftSettings(caution=arguments.caution)
    scorer = None if arguments.true_labels else OnnxScorer(load_bundle(None), threads=1)

    started = time.monotonic()
    n_found, n_other = 0, 0
    right, total = Counter[str](), Counter[str]()
    print("| seed | found | planted, days after the outage | anything else |")
    print("|---|---|---|---|")
    for seed in range(arguments.seeds):
        posts = generate_posts(seed)
        emotions: list[str | None] = [post.emotion for post in posts]
        if scorer is not None:
            emotions = [scores.emotion for scores in scorer.score([post.text for post in posts])]
        for post, emotion in zip(posts, emotions, strict=True):
            total[post.emotion] += 1
            right[post.emotion] += post.emotion == emotion
        shifts = detect(daily(posts, emotions), settings=settings).shifts
        planted = [
            shift
            for shift in shifts
            if (shift.emotion, shift.direction) in PLANTED
            and 0 <= (shift.detected_at - SHIFT_DAY).days <= LATEST_DAYS
        ]
        others = [shift for shift in shifts if shift not in planted]
        found = any((shift.detected_at - SHIFT_DAY).days <= 7 for shift in planted)
        n_found += found
        n_other += bool(others)
        columns = (", ".join(map(told, planted)), ", ".join(map(told, others)))
        print(f"| {seed} | {'yes' if found else 'NO'} | {columns[0]} | {columns[1]} |", flush=True)
    print(f"\nfound {n_found} of {arguments.seeds}, anything else in {n_other}")
    agreed = ", ".join(f"{e} {right[e] / total[e]:.2f}" for e in EMOTIONS if total[e])
    print(f"posts scored as written: {right.total() / total.total():.3f} ({agreed})")
    print(f"{total.total():,} posts, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
