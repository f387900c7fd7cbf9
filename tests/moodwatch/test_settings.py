from __future__ import annotations

from pathlib import Path

import pytest

from moodwatch.doctor import run_checks
from moodwatch.errors import UserError
from moodwatch.settings import Settings, load_settings, unknown_names
from tests.support.paths import REPOSITORY


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MOODWATCH_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "MOODWATCH_DB=file.db\nMOODWATCH_CHUNK_SIZE=7\nMOODWATCH_THREADS=3\n"
    )
    monkeypatch.setenv("MOODWATCH_DB", "environment.db")
    monkeypatch.setenv("MOODWATCH_CHUNK_SIZE", "8")
    settings = load_settings(db="flag.db", chunk_size=None)
    assert (settings.db, settings.chunk_size, settings.threads) == ("flag.db", 8, 3)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TIME_ZONE", "Mars/Olympus", "IANA time zone"),
        ("SALT", "short", "at least 16 bytes"),
        ("WORKERS", "none", "found 'none'"),
        ("TEXT_MODE", "hide", "'keep', 'redact' or 'drop'"),
        ("LOW_WATER", "64", "less than MOODWATCH_HIGH_WATER"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(f"MOODWATCH_{name}", value)
    with pytest.raises(UserError) as caught:
        load_settings()
    assert f"MOODWATCH_{name}" in str(caught.value)
    assert expected in str(caught.value)


def test_a_wrong_salt_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODWATCH_SALT", "hunter2")
    with pytest.raises(UserError) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_every_setting_stands_in_the_documented_table() -> None:
    table = (REPOSITORY / "docs" / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        assert field.description is not None
        assert f"| `MOODWATCH_{name.upper()}` |" in table
        assert field.description in table


@pytest.mark.parametrize("url", ["http://me:hunter2@h/0", "hunter2@h", "redis://:hunter2@h:x/0"])
def test_a_wrong_redis_url_is_told_without_its_password(url: str) -> None:
    with pytest.raises(UserError, match="MOODWATCH_REDIS_URL") as caught:
        load_settings(redis_url=url)
    assert "hunter2" not in str(caught.value)


def test_a_misspelt_setting_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("MOODWATCH_SALTS=0\nOTHER=1\nMOODWATCH_DB=x.db\n")
    monkeypatch.setenv("MOODWATCH_REDISURL", "redis://h/0")
    monkeypatch.setenv("MOODWATCH_TEST_REDIS_URL", "redis://h/0")
    assert unknown_names() == {"MOODWATCH_SALTS", "MOODWATCH_REDISURL"}
    (finding, *_) = [one for one in run_checks(load_settings(), ["settings"]) if "no" in one.found]
    assert (finding.level, finding.remedy) == ("note", "perhaps MOODWATCH_REDIS_URL is meant")
