"""Corrected shares stand beside the counted ones in every format, and only where they are known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from db.models import confusions_of, keep_confusions, register_model
from model.bundle import load_bundle, write_checksums
from model.confusions import Confusions, ConfusionSet
from moodwatch.processes import registered
from records import Emotion
from reporting.corrected import newest_corrected, with_corrected
from reporting.jobs import build_report
from reporting.page import Evidence, assemble
from reporting.render import render_html
from reporting.trends import trend
from reporting.twins.cells import trends_csv
from reporting.twins.document import json_document
from reporting.twins.markdown import markdown
from tests.reporting.test_jobs import NOW, SCORED, fill
from tests.reporting.test_render import hourly, made_of
from tests.reporting.test_twins import rows_of
from tests.support.tiny import write_bundle
from training.bundling.confusions import confusion_set
from worker.onnx_scorer import OnnxScorer

SHOWN: tuple[Emotion, ...] = ("joy", "anger", "neutral")
MODEL = "tiny@000000000001"


def mistaken(emotions: tuple[Emotion, ...], *, true: Emotion, taken_for: Emotion) -> ConfusionSet:
    """A model that takes 4 of 10 texts of `true` for `taken_for`, and errs nowhere else."""
    n = len(emotions)
    truth = np.repeat(np.arange(n), 500)
    top = truth.copy()
    own, other = emotions.index(true), emotions.index(taken_for)
    top[own * 500 : own * 500 + 200] = other
    scores = np.zeros((len(truth), n))  # the rest is lost, as in the frames of these tests
    scores[np.arange(len(truth)), top] = 0.9
    found = confusion_set("held-out", scores, truth, emotions)
    assert found is not None
    return found


ANGER_FOR_JOY = mistaken(SHOWN, true="anger", taken_for="joy")


def corrected_trend(known: ConfusionSet | None, source: str | None = None) -> pd.DataFrame:
    frame = hourly()
    found = trend(frame, source=source)
    return with_corrected(found, frame, known, period="week", time_zone="UTC", source=source)


def test_what_was_taken_for_joy_is_anger_again() -> None:
    rows = corrected_trend(ANGER_FOR_JOY)
    first = rows[rows["start"] == rows["start"].min()]
    joy, anger, neutral = first[
        ["share", "corrected", "corrected_low", "corrected_high"]
    ].to_numpy()

    # 5 joy, 2 anger and 3 neutral a day: 2 anger stand for 3.33, so that joy had 3.67.
    assert first["emotion"].tolist() == ["joy", "anger", "neutral"]
    assert anger[0] == pytest.approx(0.2)
    assert anger[1] == pytest.approx(1 / 3, abs=0.02)
    assert joy[1] == pytest.approx(11 / 30, abs=0.02)
    assert neutral[1] == pytest.approx(0.3, abs=0.02)
    assert anger[2] < 1 / 3 < anger[3]


def test_counted_shares_stay_as_they_were() -> None:
    plain, both = trend(hourly()), corrected_trend(ANGER_FOR_JOY)
    pd.testing.assert_frame_equal(both[list(plain.columns)], plain)


def test_nothing_is_corrected_by_guess() -> None:
    without_joy = mistaken(("sadness", "anger", "neutral"), true="anger", taken_for="neutral")
    for known in (None, without_joy):
        rows = corrected_trend(known)
        assert rows["corrected_fits"].isna().all()
        assert rows["corrected"].isna().all()
        assert newest_corrected(rows, known) is None


def test_a_source_without_messages_has_no_corrected_shares() -> None:
    assert corrected_trend(ANGER_FOR_JOY, source="nowhere").empty


def test_all_formats_tell_counted_and_corrected() -> None:
    report = replace(made_of(), known=ANGER_FOR_JOY)
    page = assemble(report, lambda _: Evidence())
    assert page.corrected is not None
    anger = next(row for row in page.corrected.shares if row.emotion == "anger")

    html, text = render_html(page), markdown(page)
    document = json.loads(json_document(report, page))
    cells = rows_of(trends_csv(report))

    told = f"{anger.share * 100:.0f} %", f"{anger.corrected * 100:.0f} %"
    assert told[0] != told[1]
    for share in told:
        assert f"<td>{share} (" in html
        assert f"| {share} (" in text
    for each in (html, text):
        assert "Corrected for the model" in each
        assert "1,500 held-out texts" in each
        assert "do not contradict" in each
    assert document["corrected"]["shares"][1]["corrected"] == pytest.approx(anger.corrected)
    newest = [row for row in document["trend"] if row["emotion"] == "anger"]
    assert anger.corrected in [row["corrected"] for row in newest]
    assert {float(row["corrected"]) for row in cells} >= {round(anger.corrected, 6)}


def test_messages_of_another_kind_are_not_corrected_on_the_page() -> None:
    surer = replace(ANGER_FOR_JOY, score_means=ANGER_FOR_JOY.score_means / 0.9)
    report = replace(made_of(), known=surer)
    page = assemble(report, lambda _: Evidence())

    for each in (render_html(page), markdown(page)):
        assert "they are of another kind" in each
        assert "counted</th>" not in each
        assert "| counted |" not in each
    assert json.loads(json_document(report, page))["corrected"]["fits"] is False
    assert {row["corrected_fits"] for row in rows_of(trends_csv(report))} == {"False"}


def test_without_confusions_the_page_does_not_speak_of_them() -> None:
    page = assemble(made_of(), lambda _: Evidence())
    assert "Corrected" not in render_html(page)
    assert "Corrected" not in markdown(page)
    assert json.loads(json_document(made_of(), page))["corrected"] is None
    assert {row["corrected"] for row in rows_of(trends_csv(made_of()))} == {""}


def test_a_report_corrects_by_what_the_current_model_said(engine: Engine, tmp_path: Path) -> None:
    fill(engine, days=10)
    assert build_report(engine, out_dir=tmp_path, now=NOW).trend["corrected"].isna().all()

    known = mistaken(SCORED, true="anger", taken_for="joy")
    document = json.dumps(Confusions(SCORED, (known,)).to_json())
    other = register_model(engine, "other@000000000002", SCORED)
    keep_confusions(engine, other, document)
    assert build_report(engine, out_dir=tmp_path, now=NOW).trend["corrected"].isna().all()

    for _ in range(2):  # every worker that starts says it again
        keep_confusions(engine, register_model(engine, MODEL, SCORED), document)
    result = build_report(engine, out_dir=tmp_path, now=NOW)
    assert confusions_of(engine, MODEL) == document
    # 1 of 12 is scored anger, 5 joy.
    anger, joy = (result.trend[result.trend["emotion"] == each] for each in ("anger", "joy"))
    assert float(anger["corrected"].mean()) > 1.3 * float(anger["share"].mean())
    assert float(joy["corrected"].mean()) < float(joy["share"].mean())
    assert "Corrected for the model" in result.path.read_text(encoding="utf-8")


def test_a_worker_writes_down_what_its_bundle_knows(engine: Engine, tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "bundle")
    registered(engine, OnnxScorer(load_bundle(folder)))
    silent = load_bundle(folder)
    known = mistaken(silent.emotions, true="joy", taken_for="love")
    document = json.dumps(Confusions(silent.emotions, (known,)).to_json())
    (folder / "confusions.json").write_text(document)
    write_checksums(folder)
    telling = load_bundle(folder)
    registered(engine, OnnxScorer(telling))

    assert confusions_of(engine, silent.model_id) is None
    assert confusions_of(engine, telling.model_id) == document
