"""`pip install .` brings along what the command needs at run time."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from tests.support.paths import REPOSITORY


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((REPOSITORY / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet",
         "--wheel-dir", str(folder), str(copy)],
        check=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_bundle_templates_and_migrations(wheel_names: set[str]) -> None:
    folders = (
        "model/bundles/default",
        "reporting/templates",
        "db/migrations",
        "training/behaviour",
        "training/phrases/written",
        "training/drawing/templates",
    )
    for folder in folders:
        ours = {
            path.relative_to(REPOSITORY).as_posix()
            for path in (REPOSITORY / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert ours, folder
        assert ours <= wheel_names


def test_the_wheel_holds_no_tests_and_no_samples(wheel_names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel_names if ".dist-info" not in name}
    assert tops == {
        "records", "ingest", "model", "db", "worker", "reporting", "training", "moodwatch",
    }  # fmt: skip
