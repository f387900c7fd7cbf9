"""`train` and `export` as a user types them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model.bundle import load_bundle
from moodwatch.app import app
from moodwatch.errors import ExitCode, UserError
from tests.support.tiny import WORDS, random_texts
from tests.support.training import write_data

SMALL = ["--architecture", "ann", "--max-tokens", "24", "--threads", "1", "--device", "cpu"]


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_users_own_file_becomes_a_bundle_under_its_own_terms(tmp_path: Path) -> None:
    data, run, bundle = tmp_path / "moods.csv", tmp_path / "run", tmp_path / "bundle"
    with data.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["said", "felt"])
        for number, text in enumerate(random_texts(90, seed=1, longest=8)):
            rows.writerow(
                [f"{text} {WORDS[number % 20]} {number}", ("calm", "sadness")[number % 2]]
            )
    named = ["--data", str(data), "--text-column", "said", "--label-column", "felt",
             "--label", "calm=joy"]  # fmt: skip

    _run("train", *named, *SMALL, "--epochs", "1", "--out", str(run))
    _run("export", str(run), *named, "--name", "mine", "--out", str(bundle))

    opened = load_bundle(bundle)
    assert (opened.name, opened.emotions) == ("mine", ("sadness", "joy"))
    licence = (bundle / "LICENSE").read_text()
    assert "'moods'" in licence
    assert "dair" not in licence


@pytest.mark.parametrize(("folder", "is_restricted"), [("goemotions", False), (".", True)])
def test_the_licence_follows_from_the_data(
    folder: str, is_restricted: bool, tmp_path: Path
) -> None:
    data = write_data(tmp_path / "data") / folder
    _run("train", "--data", str(data), *SMALL, "--epochs", "1", "--out", str(tmp_path / "run"))
    _run("export", str(tmp_path / "run"), "--data", str(data), "--out", str(tmp_path / "bundle"))
    words = {
        name: (tmp_path / "bundle" / name).read_text() for name in ("LICENSE", "MODEL_CARD.md")
    }
    assert "GoEmotions (Demszky" in words["LICENSE"]
    for text in words.values():
        assert ("dair-ai" in text) == is_restricted
    assert ("education and research only" in words["LICENSE"]) == is_restricted


def test_a_search_prints_its_trials_best_first_and_goes_on(tmp_path: Path) -> None:
    data = str(write_data(tmp_path / "data"))
    call = [
        "train",
        "--data",
        data,
        *SMALL,
        "--epochs",
        "2",
        "--out",
        str(tmp_path / "s"),
        "--json",
    ]
    two = json.loads(_run(*call, "--search", "2"))
    three = json.loads(_run(*call, "--search", "3"))

    assert [trial["number"] for trial in sorted(three, key=lambda t: t["number"])] == [1, 2, 3]
    assert [t for t in three if t["number"] < 3] == two  # found again, not run again
    scores = [trial["score"] for trial in three]
    assert scores == sorted(scores, reverse=True)
    with pytest.raises(UserError, match=f"the best is '{three[0]['folder']}'"):
        _run("describe", str(tmp_path / "s"))
    table = json.loads((tmp_path / "s" / "search.json").read_text())
    assert table["best"] == three[0]["folder"]
    assert [p.parent.name for p in (tmp_path / "s").glob("*/state.pt")] == [table["best"]]


@pytest.mark.parametrize("option", [("--architecture", "lstm"), ("--lstm-hidden", "64")])
def test_another_network_than_that_of_the_model_to_start_from_is_refused(
    option: tuple[str, str], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=f"expected no {option[0]} beside --start"):
        _run("train", "--start", "default", "--data", str(tmp_path), *option)


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--architecture", "cnn"], ExitCode.USAGE, "--architecture hybrid, plain, ann or lstm"),
        (["--layers", "a"], ExitCode.USAGE, "--layers 6 or --layers 0,2,4"),
        (["--loss", "mse"], ExitCode.USAGE, "--loss cross_entropy or focal"),
        (["--encoder", "./nowhere"], ExitCode.INPUT, "expected an encoder's folder"),
        (["--architecture", "ann", "--encoder", "x"], ExitCode.INPUT, "no encoder for 'ann'"),
        (["--unlabelled", __file__], ExitCode.INPUT, "expected teachers"),
        (["--teacher", "gone"], ExitCode.USAGE, "a bundle, 'default' or an .npz file"),
        (["--teacher", "default"], ExitCode.INPUT, "no such folder"),
    ],
)
def test_a_wrong_option_is_named(
    arguments: list[str], code: ExitCode, reason: str, tmp_path: Path
) -> None:
    data = str(write_data(tmp_path / "data"))
    with pytest.raises(UserError, match=reason) as caught:
        _run("train", "--data", data, "--out", str(tmp_path / "run"), *arguments)
    assert caught.value.code == code
