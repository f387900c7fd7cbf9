"""With the bundle that ships, the sample's planted shifts are found, and nothing else is."""

from __future__ import annotations

from datetime import date
from functools import cache

import pandas as pd

from examples.generate import FIRST_DAY, NEW_JOB_DAY, OUTAGE_DAY, generate_journal, generate_posts
from model.bundle import load_bundle
from records import EMOTIONS
from reporting.shifts import ShiftReport, detect
from worker.onnx_scorer import OnnxScorer


@cache
def scorer() -> OnnxScorer:
    return OnnxScorer(load_bundle(None))


def judged(days: list[date], texts: list[str]) -> ShiftReport:
    emotions = [scores.emotion for scores in scorer().score(texts)]
    frame = pd.DataFrame({"day": pd.to_datetime(pd.Series(days)), "emotion": emotions}).dropna()
    counts = frame.value_counts(["day", "emotion"]).unstack(fill_value=0)
    counts = counts[[emotion for emotion in EMOTIONS if emotion in counts]].add_prefix("n_")
    return detect(counts.reset_index().assign(source="sample"))


def test_the_outage_is_found_within_a_week_and_nothing_else_is_flagged() -> None:
    posts = generate_posts()

    found = judged([post.created_at.date() for post in posts], [post.text for post in posts]).shifts

    assert {(s.emotion, s.direction) for s in found} == {("anger", "up"), ("joy", "down")}
    assert 0 <= (found[0].detected_at - FIRST_DAY).days - OUTAGE_DAY <= 7
    assert abs((found[0].started_at - FIRST_DAY).days - OUTAGE_DAY) <= 2


def test_the_new_job_is_found_in_the_journal() -> None:
    entries = generate_journal()

    found = judged([entry.day for entry in entries], [entry.text for entry in entries]).shifts

    assert {(s.emotion, s.direction) for s in found} <= {("joy", "up"), ("sadness", "down")}
    assert 0 <= (found[0].detected_at - FIRST_DAY).days - NEW_JOB_DAY <= 35
