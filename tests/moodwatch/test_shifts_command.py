"""`moodwatch shifts` and `moodwatch schedule`: what they show, change and refuse."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from db.engine import open_database
from db.ledger import SqlLedger
from db.models import register_model
from db.shifts import Moved, ShiftRecord, list_shifts, save_shifts
from ingest.keys import pseudonym
from moodwatch.app import app
from moodwatch.errors import UserError
from moodwatch.limits import limits_file, load_offsets, save_offset
from moodwatch.services import load_salt
from records import EMOTIONS, Message
from reporting.monitored import Monitored
from reporting.schedules import Schedule, Schedules
from reporting.shifts import ShiftReport
from tests.db.chunks import save, scores
from tests.reporting.delivery.receivers import web_server

DAY = timedelta(days=1)
BEGAN = datetime(2024, 3, 3, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with one shift of anger and one silence; the command runs beside it."""
    monkeypatch.chdir(tmp_path)
    for name in ("SCHEDULES", "REPORT_CRON", "DB"):
        monkeypatch.delenv(f"MOODWATCH_{name}", raising=False)
    path = tmp_path / "moodwatch.db"
    engine = open_database(path)
    model_id = register_model(engine, "tiny@1", EMOTIONS)
    angry = Message("support", "1", None, "ann", BEGAN + DAY, "I want\nmy refund", "en")
    save(engine, [angry], model_id, [scores("anger")])
    shift = ShiftRecord(
        *("support", None, "anger", "up", BEGAN, BEGAN + 4 * DAY, 0.12, 0.31, 3.3, 812, 5),
        interval_before=(0.11, 0.13),
        interval_after=(0.28, 0.34),
        persistence_days=9,
        words=[Moved("refund", 1, 40, 6.5), Moved("thanks", 30, 2, -4.0)],
        authors=[Moved("ann", 2, 30, 3.0)],
    )
    silence = ShiftRecord(
        *("shop", None, None, "down", BEGAN - DAY, BEGAN, 0.0, 0.0, None, 0, 4),
        kind="silence",
        rate_before=40.2,
        rate_after=0.0,
    )
    save_shifts(engine, [shift, silence], model_id)
    engine.dispose()
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return re.sub(r" +", " ", result.output)


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, UserError), result.output
    return str(result.exception)


@pytest.mark.usefixtures("database")
def test_shifts_are_listed_newest_first() -> None:
    lines = told("shifts", "list").splitlines()

    assert lines[1].strip() == "1 open mood support anger up 2024-03-03 12.0 % 31.0 % 5"
    assert lines[2].strip() == "2 open silence shop no messages 2024-03-02 40.2/day 0/day 4"
    assert len(told("shifts", "list", "--kind", "silence").splitlines()) == 2
    assert told("shifts", "list", "--emotion", "joy") == "no shifts\n"
    [document] = json.loads(told("shifts", "list", "--source", "support", "--json"))
    assert (document["id"], document["state"], document["share_after"]) == (1, "open", 0.31)


@pytest.mark.usefixtures("database")
def test_one_shift_is_shown_with_all_that_is_known() -> None:
    page = told("shifts", "show", "1")

    for line in (
        "what anger up",
        "before 12.0 % (11.0 to 13.0)",
        "odds ratio 3.3",
        "messages 812",
        "severity 5 of 10",
        "lasts 9 days",
        "words more refund (1 -> 40)",
        "words less thanks (30 -> 2)",
        "authors more ann (2 -> 30)",
        "model tiny@1",
        "2024-03-04 I want my refund",
    ):
        assert line in page
    document = json.loads(told("shifts", "show", "1", "--json"))
    assert document["examples"][0]["text"] == "I want\nmy refund"
    assert "what no messages" in told("shifts", "show", "2")


@pytest.mark.usefixtures("database")
def test_a_shift_goes_through_its_states() -> None:
    assert told("shifts", "ack", "1") == "shift 1 is acknowledged\n"
    assert told("shifts", "list", "--state", "open").count("\n") == 2
    assert told("shifts", "snooze", "1", "--until", "14d").startswith("shift 1 is snoozed until 2")
    assert "snoozed" in told("shifts", "list", "--state", "snoozed,closed")
    assert told("shifts", "reopen", "1") == "shift 1 is open\n"


@pytest.mark.usefixtures("database")
def test_a_shift_is_closed_and_opened_again() -> None:
    assert told("shifts", "close", "1") == "shift 1 is closed\n"
    assert [row["id"] for row in json.loads(told("shifts", "list", "--state=open", "--json"))] == [
        2
    ]
    assert told("shifts", "reopen", "1") == "shift 1 is open\n"
    assert "found 9" in refused("shifts", "close", "9")


@pytest.mark.usefixtures("database")
def test_authors_are_found_by_name_or_pseudonym() -> None:
    name = told("pseudonym", "ann").strip().splitlines()[0]

    assert re.fullmatch("[0-9a-f]{32}", name)
    assert json.loads(told("pseudonym", "ann", "bob", "--json"))["ann"] == name
    # The fixture stores the name itself, as a pseudonym would stand there.
    assert "no shifts" in told("shifts", "list", "--author", "ann")
    assert "no messages by 'zoe'" in told("report", "--authors", "zoe")
    assert "at most 50 authors" in refused("report", "--authors", ",".join(map(str, range(51))))


@pytest.mark.usefixtures("database")
def test_a_wrong_budget_is_told_with_its_flag() -> None:
    for command in (("report",), ("shifts", "calibrate")):
        assert "(--false-alarms): expected a number above 0" in refused(
            *command, "--false-alarms", "foo"
        )


def test_report_and_schedule_judge_by_the_same_settings(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Budget, calibrated limits and authors reach reports however they are asked for."""
    from moodwatch.processes import _carry_out
    from moodwatch.schedules import cron_entries, with_pseudonyms
    from moodwatch.services import Services
    from moodwatch.settings import load_settings

    seen: list[tuple[float, object, tuple[str, ...]]] = []

    def noted(*_: object, **given: Any) -> ShiftReport:
        limits = given["limits"].offsets
        seen.append((given["settings"].false_alarms_a_year, limits, authors.pop()))
        return ShiftReport()

    authors: list[tuple[str, ...]] = []

    def watched(*_: object, **given: Any) -> Monitored:
        authors.append(given["authors"])
        return Monitored(pd.DataFrame(), pd.DataFrame())

    monkeypatch.setattr("reporting.jobs.judge", noted)
    monkeypatch.setattr("reporting.jobs.monitored", watched)
    monkeypatch.setenv("MOODWATCH_FALSE_ALARMS", "2/month")
    monkeypatch.setenv("MOODWATCH_WATCH_AUTHORS", "ann")
    save_offset(limits_file("moodwatch.db"), "key", 1.0, 0.25)
    path = write_schedules(tmp_path)

    told("report")
    run("schedule", "run", "weekly", "--schedules", path)
    settings = load_settings()
    engine = open_database(database)
    ledger = SqlLedger(engine)
    services = Services(settings, engine, ledger, None, "")  # type: ignore[arg-type]
    _carry_out(services, "weekly", {"cron": "0 7 * * *"}, BEGAN.isoformat())
    _carry_out(services, "weekly", {"cron": "0 7 * * *", "authors": ["bob"]}, BEGAN.isoformat())

    asked = (24.0, {"key": [(1.0, 0.25)]}, ("ann",))
    assert seen[:3] == [asked] * 3
    # A schedule's own authors go before the setting; the queue never holds their names.
    bob = pseudonym("bob", load_salt(settings))
    assert seen[3][2] == (bob,)
    read = Schedules(schedules={"weekly": Schedule(cron="0 7 * * *", authors=("bob", "all"))})
    [entry] = cron_entries(engine, with_pseudonyms(settings, engine, read))
    assert entry.kwargs["schedule"]["authors"] == [bob, "all"]


@pytest.mark.usefixtures("database")
def test_what_is_not_there_is_told_with_what_to_do() -> None:
    for verb in ("show", "ack", "snooze", "reopen"):
        assert "found 77: 'moodwatch shifts list'" in refused("shifts", verb, "77")
    assert "expected states among open" in refused("shifts", "list", "--state", "new")
    assert "expected an emotion among" in refused("shifts", "list", "--emotion", "rage")
    assert "a time to come" in refused("shifts", "snooze", "1", "--until", "2020-01-01")
    assert "expected a day such as" in refused("shifts", "snooze", "1", "--until", "soon")


def write_schedules(folder: Path, url: str = "http://127.0.0.1:1/") -> str:
    path = folder / "schedules.toml"
    path.write_text(
        f'[recipients.hook]\nwebhook = "{url}"\nsecret = "env:HOOK_KEY"\n'
        '[recipients.archive]\nfolder = "archive"\n'
        '[schedules.weekly]\ncron = "0 7 * * MON"\ntime_zone = "Europe/Berlin"\n'
        'recipients = ["hook", "archive"]\n'
        "[retention]\nkeep_days = 400\n",
        encoding="utf-8",
    )
    return str(path)


def test_schedules_are_listed_with_their_next_times(tmp_path: Path, database: Path) -> None:
    path = write_schedules(tmp_path)

    weekly, retention = json.loads(told("schedule", "list", "--schedules", path, "--json"))

    times = [datetime.fromisoformat(time) for time in weekly["next"]]
    assert [(time.hour, time.weekday()) for time in times] == [(7, 0)] * 3
    assert times == sorted(set(times))
    assert weekly["recipients"] == ["hook", "archive"]
    assert (retention["name"], retention["last"]) == ("retention", None)
    assert "weekly" in told("schedule", "list", "--schedules", path)
    assert "name a file by MOODWATCH_SCHEDULES" in told("schedule", "list")


def test_a_schedule_is_carried_out_now(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_KEY", "a key of ours")
    monkeypatch.setenv("MOODWATCH_REPORT_DIR", str(tmp_path / "reports"))
    with web_server(lambda _: 200) as posts:
        path = write_schedules(tmp_path, posts.url)
        outcome = json.loads(told("schedule", "run", "weekly", "--schedules", path, "--json"))

    assert set(outcome["deliveries"].values()) == {"sent"}
    assert set(posts.ids) < set(outcome["deliveries"])
    [page] = (tmp_path / "archive").glob("weekly-*.html")
    assert page.read_bytes() == Path(outcome["reports"][0]).read_bytes()
    [weekly, _] = json.loads(told("schedule", "list", "--schedules", path, "--json"))
    assert (weekly["sent"], weekly["failed"], weekly["waiting"]) == (2, 0, 0)
    assert weekly["last"] is not None
    # Nothing secret is left in the database.
    for file in tmp_path.glob("moodwatch.db*"):
        assert b"a key of ours" not in file.read_bytes()
        assert b"hidden" not in file.read_bytes()


def test_what_cannot_be_sent_is_told_and_kept(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK_KEY", raising=False)
    monkeypatch.setenv("MOODWATCH_REPORT_DIR", str(tmp_path / "reports"))
    path = write_schedules(tmp_path)

    result = run("schedule", "run", "weekly", "--schedules", path)

    assert result.exit_code == 1
    assert "waiting: expected the variable HOOK_KEY in the environment" in result.output


def test_retention_forgets_by_age(tmp_path: Path, database: Path) -> None:
    path = write_schedules(tmp_path)

    assert told("schedule", "run", "retention", "--schedules", path) == "1 messages forgotten\n"
    assert list_shifts(open_database(database)) == []
    assert told("schedule", "run", "retention", "--schedules", path) == "0 messages forgotten\n"


def test_mistakes_in_the_file_are_told_with_their_line(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_schedules(tmp_path)
    assert "expected a schedule among weekly, retention" in refused(
        "schedule", "run", "daily", "--schedules", path
    )
    monkeypatch.setenv("MOODWATCH_REPORT_CRON", "0 7 * * *")
    assert "found both" in refused("schedule", "list", "--schedules", path)
    assert "report" in told("schedule", "list")
    monkeypatch.setenv("MOODWATCH_REPORT_CRON", "often")
    assert "MOODWATCH_REPORT_CRON: expected a cron line" in refused("schedule", "list")
    monkeypatch.delenv("MOODWATCH_REPORT_CRON")
    Path(path).write_text("[schedules.a]\ncron = 'often'\n")
    assert f"{path}:2: expected a cron line" in refused("schedule", "list", "--schedules", path)


def test_nats_added_to_limits_that_no_longer_ship_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "moods.db.limits.json"
    save_offset(path, "key", 1.0, 0.25)
    assert load_offsets(path) == {"key": [(1.0, 0.25)]}

    held = json.loads(path.read_text())
    path.write_text(json.dumps(held | {"added_to": "of an older release"}))

    assert load_offsets(path) == {}
    save_offset(path, "other", 1.0, 0.5)
    assert load_offsets(path) == {"other": [(1.0, 0.5)]}
