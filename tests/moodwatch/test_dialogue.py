"""`moodwatch dialogue`: from a table of utterances to the label of a stored message."""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from db.engine import open_database
from db.store import register_model
from moodwatch.app import app
from moodwatch.errors import ExitCode, UserError
from records import EMOTIONS, Message
from tests.db.chunks import save
from tests.training.dialogue.made import corpus
from training.dialogue.corpus import Dialogue

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def _invoke(*arguments: str | Path) -> Result:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        return CliRunner().invoke(app, ["dialogue", *map(str, arguments)], catch_exceptions=False)
    finally:
        # The command logs to a standard error that ends with it; who comes next must not.
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)


def _run(*arguments: str | Path) -> str:
    done = _invoke(*arguments)
    assert done.exit_code == ExitCode.OK, done.output
    return done.stdout


def _fails(*arguments: str | Path) -> UserError:
    with pytest.raises(UserError) as raised:
        _invoke(*arguments)
    return raised.value


def _write(path: Path, dialogues: Sequence[Dialogue]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["dialogue", "turn", "speaker", "text", "emotion"])
        for talk in dialogues:
            for turn, said in enumerate(talk.utterances):
                writer.writerow([talk.id, turn, said.speaker, said.text, said.label])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus as a folder of tables, and a past-only run on it."""
    folder = tmp_path_factory.mktemp("dialogue")
    made = corpus(60)
    (folder / "talks").mkdir()
    for name in ("train", "validation", "test"):
        _write(folder / "talks" / f"{name}.csv", getattr(made, name))
    said = _run(
        "train", "--data", folder / "talks", "--out", folder / "past", "--past-only",
        "--epochs", "12", "--head-lr", "0.002", "--threads", "1",
    )  # fmt: skip
    assert "trained:" in said
    return folder


@pytest.fixture(scope="module")
def database(folder: Path) -> Path:
    """Three threads: `t` in one source, `both` in two, and one in which nothing is dated."""
    path = folder / "moodwatch.db"
    engine = open_database(path)
    model_id = register_model(engine, "tiny@1", EMOTIONS)
    first = Message("chat", "1", "t", "ann", NOON, "are you happy today", "en")
    messages = [
        first,
        replace(first, external_id="2", author="bob", text="so it is",
                posted_at=NOON + timedelta(minutes=1)),
        replace(first, external_id="3", text="are you sad today",
                posted_at=NOON + timedelta(minutes=2)),
        replace(first, external_id="4", author="bob", text="so it is",
                posted_at=NOON + timedelta(minutes=3)),
        replace(first, external_id="5", thread="both"),
        replace(first, external_id="6", thread="both", source="mail"),
        replace(first, external_id="7", thread="undated", posted_at=None),
    ]  # fmt: skip
    save(engine, messages, model_id)
    engine.dispose()
    return path


def test_a_run_is_judged_on_the_test_part(folder: Path) -> None:
    figures = json.loads(_run("evaluate", folder / "past", "--data", folder / "talks", "--json"))

    assert figures["context"] == "past"
    assert figures["n"] == len([u for d in corpus(60).test for u in d.utterances])
    assert figures["weighted_f1"] > 0.9


def test_every_line_of_a_file_is_labelled_in_its_context(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "talk.txt"
    file.write_text(
        "ann: are you\nangry today\nbob: so it is\n\nann: are you sad today\nbob: so it is\n"
    )

    found: list[dict[str, Any]] = json.loads(_run("predict", folder / "past", file, "--json"))

    assert [u["label"] for u in found] == ["neutral", "anger", "neutral", "sadness"]
    assert [u["emotion"] for u in found][1] == "anger"
    assert "are you angry today" in _run("predict", folder / "past", file)


def test_the_last_message_of_a_thread_is_labelled_by_its_past(folder: Path, database: Path) -> None:
    arguments = ("predict", folder / "past", "--db", database, "--thread", "t", "--json")

    (last,) = json.loads(_run(*arguments))
    more = json.loads(_run(*arguments, "--last", "3"))

    assert last["text"] == "so it is"
    assert last["label"] == "sadness"
    assert [u["label"] for u in more] == ["joy", "neutral", "sadness"]
    assert more[-1] == last


def test_a_thread_that_cannot_be_read_is_named(folder: Path, database: Path) -> None:
    thread = ("predict", folder / "past", "--db", database, "--thread")

    assert "'chat', 'mail'" in str(_fails(*thread, "both"))
    assert json.loads(_run(*thread, "both", "--source", "mail", "--json"))
    for name in ("nowhere", "undated"):
        assert "no dated message" in str(_fails(*thread, name))


def test_a_run_of_whole_dialogues_reads_no_thread(folder: Path, database: Path) -> None:
    whole = folder / "whole"
    _run("train", "--data", folder / "talks", "--out", whole, "--epochs", "1", "--threads", "1")

    said = _fails("predict", whole, "--db", database, "--thread", "t")

    assert "--past-only" in str(said)


def test_mistakes_are_told_in_a_line(folder: Path, tmp_path: Path) -> None:
    talks = folder / "talks"
    assert "FILE or --thread" in str(_fails("predict", folder / "past"))
    assert "layout out of" in str(
        _fails("evaluate", folder / "past", "--data", talks, "--layout", "x")
    )
    assert "network.json" in str(_fails("evaluate", talks, "--data", talks))
    said = _fails("train", "--data", "nowhere", "--out", tmp_path / "run")
    assert said.code == ExitCode.INPUT
    assert "hub id" in str(said)


def test_a_bundle_is_judged_on_single_utterances(folder: Path) -> None:
    figures = json.loads(_run("evaluate", "--data", folder / "talks", "--json"))

    assert figures["corpus"] == "talks"
    assert figures["n_left_out"] == 0
    assert set(figures["shared"]["f1"]) == {"anger", "joy", "neutral", "sadness"}
