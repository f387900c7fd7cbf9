"""WhatsApp chats of both kinds of phone: authors kept, lines joined, notices told apart."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ingest.open import ReadOptions, open_messages
from records import Message, Rejected

MARK = "\u200e"

ANDROID = """\
31/12/2020, 21:15 - Messages and calls are end-to-end encrypted. No one outside can read them.
31/12/2020, 21:16 - Ann created group "Ski: the trip"
31/12/2020, 21:17 - Ann: happy new year, all of you!
31/12/2020, 21:17 - +49 170 1234567: same to you
and to your mother

01/01/2021, 00:01 - Ann: <Media omitted>
01/01/2021, 00:02 - Ben Müller: look: IMG
01/01/2021, 00:03 - Ben Müller: IMG-1.jpg (file attached)
our house
01/01/2021, 00:04 - Ben Müller: This message was deleted
01/01/2021, 00:05 - Ann: see you soon <This message was edited>
01/01/2021, 00:06 - Ann:
01/01/2021, 00:07 - Ann changed the subject from "A: b" to "C: d"
"""

IOS = (
    f"[31.12.20, 21:15:32] Ski: {MARK}Messages and calls are end-to-end encrypted.\n"
    "[31.12.20, 21:16:01] Ann: wie schön\n"
    "dass ihr da seid: endlich\n"
    f"{MARK}[31.12.20, 21:16:40] Ann: {MARK}Bild weggelassen\n"
    "[01.01.21, 00:00:00] ~\u202fBen: frohes neues\n"
)


def read(
    content: str, name: str = "WhatsApp Chat with Ann.txt", **options: str
) -> tuple[list[Message], list[Rejected]]:
    chosen = ReadOptions(**options)  # type: ignore[arg-type]
    with open_messages(Path(name), chosen, stream=io.BytesIO(content.encode())) as opened:
        items = list(opened.items)
        assert opened.format == "whatsapp"
    return (
        [item for item in items if isinstance(item, Message)],
        [item for item in items if isinstance(item, Rejected)],
    )


def told(messages: list[Message]) -> list[tuple[str, str | None, str]]:
    return [(f"{m.posted_at:%Y-%m-%d %H:%M:%S}", m.author, m.text) for m in messages]


def test_an_android_chat() -> None:
    messages, rejects = read(ANDROID)

    assert told(messages) == [
        ("2020-12-31 21:17:00", "Ann", "happy new year, all of you!"),
        ("2020-12-31 21:17:00", "+49 170 1234567", "same to you\nand to your mother"),
        ("2021-01-01 00:02:00", "Ben Müller", "look: IMG"),
        ("2021-01-01 00:03:00", "Ben Müller", "our house"),
        ("2021-01-01 00:05:00", "Ann", "see you soon"),
    ]
    assert [(reject.row, reject.reason.partition(",")[0]) for reject in rejects] == [
        (1, "a notice of WhatsApp"),
        (2, "a notice of WhatsApp"),
        (5, "media or a notice of WhatsApp"),
        (8, "deleted text"),
        (10, "media or a notice of WhatsApp"),
        (11, "a notice of WhatsApp"),
    ]
    assert rejects[2].position == ANDROID.encode().index(b"01/01/2021, 00:01")
    assert {message.thread for message in messages} == {messages[0].source}


def test_an_ios_chat() -> None:
    messages, rejects = read(IOS, "_chat.txt")

    assert told(messages) == [
        ("2020-12-31 21:16:01", "Ann", "wie schön\ndass ihr da seid: endlich"),
        ("2021-01-01 00:00:00", "Ben", "frohes neues"),
    ]
    assert [reject.row for reject in rejects] == [1, 3]
    assert all("WhatsApp" in reject.reason for reject in rejects)


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("12/31/20, 9:15 PM - Ann: hello there", "2020-12-31 21:15:00"),
        ("12/31/20, 9:15\u202fPM - Ann: hello there", "2020-12-31 21:15:00"),
        ("31/12/20, 9:15 p. m. - Ann: hello there", "2020-12-31 21:15:00"),
        ("31/12/2020 à 21:15 - Ann: hello there", "2020-12-31 21:15:00"),
        ("31/12/2020 21:15 - Ann: hello there", "2020-12-31 21:15:00"),
        ("31.12.20, 21:15 - Ann: hello there", "2020-12-31 21:15:00"),
        ("2020-12-31, 21.15 - Ann: hello there", "2020-12-31 21:15:00"),
        ("[12/31/20, 9:15:32 PM] Ann: hello there", "2020-12-31 21:15:32"),
        ("[2020-12-31, 21:15:32] Ann: hello there", "2020-12-31 21:15:32"),
        ("[31/12/2020, 9:15:32\u202fpm] Ann: hello there", "2020-12-31 21:15:32"),
    ],
)
def test_dates_as_phones_of_the_world_write_them(line: str, time: str) -> None:
    messages, rejects = read(line + "\n" + line.replace("Ann", "Ben") + "\n", "chat.txt")

    assert told(messages) == [(time, "Ann", "hello there"), (time, "Ben", "hello there")]
    assert rejects == []


def test_the_ending_csv_does_not_make_a_table_of_it() -> None:
    messages, _ = read("31/12/20, 21:15 - Ann: oh, yes\n31/12/20, 21:16 - Ben: no, no\n", "c.csv")

    assert [(m.author, m.text) for m in messages] == [("Ann", "oh, yes"), ("Ben", "no, no")]


def test_a_date_that_does_not_exist_costs_one_message() -> None:
    messages, rejects = read("31.12.20, 21:15 - Ann: one\n31.02.21, 21:15 - Ann: two\n")

    assert [m.text for m in messages] == ["one"]
    assert [r.reason for r in rejects] == ["expected a time, found '31.02.21 21:15'"]
    assert rejects[0].raw == "two"


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        ("[2024-01-31 09:00] A walk: cold\n\n[2024-02-01 10:30] Home: warm\n", "journal"),
        ("when,who,text\n2024-01-31,Ann,so: cold\n2024-02-01,Ben,so: warm\n", "csv"),
        ("31/12/2024 Home: cold\nit was\n\n31/01/2025 Town: warm\n", "journal"),
    ],
)
def test_journals_and_tables_stay_what_they_are(content: str, format_: str) -> None:
    with open_messages(Path("x.txt"), ReadOptions(), stream=io.BytesIO(content.encode())) as opened:
        assert opened.format == format_


def test_text_before_the_first_message_is_rejected_when_the_format_is_named() -> None:
    messages, rejects = read("a title\n31.12.20, 21:15 - Ann: one\n", format="whatsapp")

    assert [m.text for m in messages] == ["one"]
    assert [r.reason for r in rejects] == ["text before the first message"]
