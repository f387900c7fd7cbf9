"""`moodwatch explore` counts a file, writes its page, and tells mistakes in a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from moodwatch.app import app
from moodwatch.errors import ExitCode, UserError


def _posts(folder: Path, label: str = "happy") -> Path:
    path = folder / "posts.csv"
    rows = "".join(f"text {i} so sunny,{label}\nword {i} so dark,angry\n" for i in range(20))
    path.write_text(f"text,label\n{rows}", encoding="utf-8")
    return path


def test_a_file_is_counted_and_drawn(tmp_path: Path) -> None:
    place = tmp_path / "out"
    command = ["explore", "--data", str(_posts(tmp_path)), "--out", str(place)]

    told = CliRunner().invoke(app, command)
    counted = CliRunner().invoke(app, [*command, "--json"])

    assert told.exit_code == counted.exit_code == ExitCode.OK, told.output
    assert "posts: The commonest emotion is 1.0 times as frequent" in told.stdout
    (document,) = json.loads(counted.stdout)
    assert document["parts"][0]["by_emotion"] == {"joy": 16, "anger": 16}
    assert (place / "index.html").exists()
    assert (place / "emotion_distribution.png").exists()


def test_an_unknown_label_is_told_with_the_option_that_maps_it(tmp_path: Path) -> None:
    command = ["explore", "--data", str(_posts(tmp_path, "meh")), "--out", str(tmp_path / "out")]

    told = CliRunner().invoke(app, command)

    assert isinstance(told.exception, UserError)
    assert told.exception.code == ExitCode.INPUT
    assert "--label 'meh'=joy" in str(told.exception)
    mapped = CliRunner().invoke(app, [*command, "--label", "meh=neutral", "--json"])
    assert json.loads(mapped.stdout)[0]["parts"][0]["by_emotion"]["neutral"] == 16


@pytest.mark.parametrize("name", ["gone.csv", "./gone"])
def test_missing_data_is_told(tmp_path: Path, name: str) -> None:
    told = CliRunner().invoke(app, ["explore", "--data", name, "--out", str(tmp_path)])
    assert isinstance(told.exception, UserError)
    assert "found nothing there" in str(told.exception)
