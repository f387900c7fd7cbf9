"""schedules.toml: what is asked for is read; what is wrong is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting.schedules import ScheduleError, line_numbers, load_schedules, resolve
from tests.support.paths import REPOSITORY


def load(tmp_path: Path, text: str) -> str:
    path = tmp_path / "schedules.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScheduleError) as caught:
        load_schedules(path)
    return str(caught.value).replace(f"{path}:", "")


def test_the_example_is_read_as_it_is_meant() -> None:
    read = load_schedules(REPOSITORY / "examples" / "schedules.toml")

    assert list(read.schedules) == ["weekly", "alarms"]
    weekly, alarms = read.schedules.values()
    # The file's time zone counts where a schedule names none.
    assert {weekly.time_zone, alarms.time_zone} == {"Europe/Berlin"}
    assert (weekly.period, weekly.days, weekly.formats) == ("week", 182, ("html",))
    assert (alarms.sources, alarms.alerts_from_severity) == (("support", "shop"), 3)
    assert set(read.recipients) == {"archive", "team", "dashboard"}
    assert read.retention is not None
    assert (read.retention.keep_days, read.retention.time_zone) == (730, "Europe/Berlin")


def test_a_schedule_may_have_a_zone_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    path.write_text(
        'time_zone = "Europe/Berlin"\n'
        '[schedules.tokyo]\ncron = "0 7 * * *"\ntime_zone = "Asia/Tokyo"\n'
    )
    assert load_schedules(path).schedules["tokyo"].time_zone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[schedules.a]\ncron = "every day"', "2: expected a cron line such as '0 7 * * MON'"),
        ('# so\n\ntime_zone = "Berlin"', "3: expected an IANA time zone"),
        ('[schedules.a]\n\ncron = "0 7 * * *"\ncolour = 3', "4: not a known key"),
        ('[schedules.a]\nperiod = "week"', "1: field required in 'schedules.a.cron'"),
        ('[schedules."A B"]\ncron = "0 7 * * *"', "1: expected a name of lower-case letters"),
        ('[schedules.retention]\ncron = "0 7 * * *"', "1: expected a name"),
        (
            '[schedules.a]\ncron = "0 7 * * *"\nrecipients = ["team"]',
            "3: expected names under [recipients], found 'team'",
        ),
        (
            '[schedules.a]\ncron = "0 7 * * *"\nalerts_from_severity = 3',
            "1: expected recipients for alerts",
        ),
        (
            '[recipients.a]\nfolder = "x"\n[schedules.a]\ncron = ""\n\nalerts_from_severity = 11',
            "6: input should be less than or equal to 10",
        ),
        ('[schedules.a]\ncron = "0 7 * * *"\nformats = ["html", "doc"]', "3: input should be"),
        ('[recipients.a]\nfolder = "x"\nurl = "slack://y"', "1: expected exactly one of"),
        ('[recipients.a]\nwebhook = "https://x"', "1: expected a 'secret' with a 'webhook'"),
        ("[retention]\nkeep_days = 0", "2: input should be greater than or equal to 1"),
        ("[retention]\nkeep_days = = 0", "(at line 2, column 13)"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert told in load(tmp_path, text)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = load(tmp_path, '[schedules.a]\ncron = ""\n[schedules.b]\ncron = ""\n').splitlines()

    assert [line.split(":")[0] for line in told] == ["2", "4"]


def test_no_secret_is_told(tmp_path: Path) -> None:
    told = load(tmp_path, '[recipients.a]\nurl = "slack://word"\nsecret = "word"\n')

    assert "word" not in told


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="No such file"):
        load_schedules(tmp_path / "none.toml")


def test_lines_of_keys_written_in_other_ways() -> None:
    text = 'a.b = 1\n[ x . "y z" ]\nkey = [\n  "one",\n]\n"k w" = 2\n[[list]]\n'

    lines = line_numbers(text)

    assert lines["a", "b"] == 1
    assert lines["x", "y z"] == 2
    assert lines["x", "y z", "key"] == 3
    assert lines["x", "y z", "k w"] == 6
    assert lines["list",] == 7


def test_values_may_stand_in_the_environment() -> None:
    assert resolve("https://x", {}) == "https://x"
    assert resolve("env:HOOK", {"HOOK": "https://y"}) == "https://y"
    for environment in ({}, {"HOOK": ""}):
        with pytest.raises(ScheduleError, match="variable HOOK"):
            resolve("env:HOOK", environment)
