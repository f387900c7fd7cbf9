"""Journals: every usual way to date an entry, and text that only looks like a date."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from ingest.open import ReadError, ReadOptions, open_messages
from records import Message, Rejected
from tests.support.paths import shared_data


def read(
    content: str, path: Path | None = None, **options: str
) -> tuple[list[tuple[str, str]], list[Rejected]]:
    """Return (time, text) of each entry, and the rejects."""
    chosen = ReadOptions(**options)  # type: ignore[arg-type]
    with open_messages(path, chosen, stream=io.BytesIO(content.encode())) as opened:
        items = list(opened.items)
        assert opened.format == "journal"
    found = [
        (f"{item.posted_at:%Y-%m-%d %H:%M}" if item.posted_at else "", item.text)
        for item in items
        if isinstance(item, Message)
    ]
    return found, [item for item in items if isinstance(item, Rejected)]


def test_bracketed_dates() -> None:
    content = (
        "[2024-01-31 09:00] A walk. *\nIt was cold.\n\n[1] a footnote, no entry\n"
        "[see 2019 report]\n\n[2024-02-01 10:30:00 PM] Home\n[03.02.2024 08:00] Late\n"
    )
    assert read(content) == (
        [
            (
                "2024-01-31 09:00",
                "A walk.\nIt was cold.\n\n[1] a footnote, no entry\n[see 2019 report]",
            ),
            ("2024-02-01 22:30", "Home"),
            ("2024-02-03 08:00", "Late"),
        ],
        [],
    )


def test_an_unreadable_date_is_rejected_with_its_entry() -> None:
    content = "[2019-07-18 14:23] One\nfine\n\n[2019-07 14:23] Two\nlost\n\n[2019-07-20] Three\n"
    found, bad = read(content)
    assert [text for _, text in found] == ["One\nfine", "Three"]
    assert [(item.row, item.reason) for item in bad] == [
        (2, "expected a time, found '2019-07 14:23'")
    ]
    assert bad[0].position == content.index("[2019-07 14")
    assert bad[0].raw == "Two\nlost"


def test_lines_that_begin_with_a_date() -> None:
    content = (
        "2010-06-10 15:00 A life without chocolate\nis long.\n"
        "2010-06-11 was a date in the text.\n\n2013-06-10 15:40 Another\n2013-06-11\nalone\n"
    )
    assert read(content)[0] == [
        (
            "2010-06-10 15:00",
            "A life without chocolate\nis long.\n2010-06-11 was a date in the text.",
        ),
        ("2013-06-10 15:40", "Another"),
        ("2013-06-11 00:00", "alone"),
    ]


def test_one_entry_a_line() -> None:
    content = "2024-01-31: slept badly\n2024-02-01: slept well\n2024-02-02 - dreamt\n"
    assert [text for _, text in read(content)[0]] == ["slept badly", "slept well", "dreamt"]


@pytest.mark.parametrize(
    "head",
    [
        "Monday, 3 March 2025",
        "**March 3, 2025**",
        "March 3rd 2025:",
        "3 March 2025",
        "Mon 2025-03-03",
        "2025-03-03, Monday",
        "2025/03/03 (Mon)",
        "3.3.2025",
        "March 3 Monday 2025 /",
        "## 2025-03-03",
        "# Monday, 3 March 2025",
        "### March 3rd, 2025 ###",
        "## [[2025-03-03]]",
        "2025-03-03\n==========",
        "## Montag, 3. März 2025",
        "Montag, den 3. März 2025",
        "3. März 2025 um 00:00 Uhr",
        "# lundi 3 mars 2025",
        "Le 3 mars 2025 à 0h00",
        "3 de marzo de 2025",
    ],
)
def test_written_dates_head_their_entries(head: str) -> None:
    other = (
        re.sub(r"3(\.? (?:de )?(?:Mar|Mär|mar))", r"4\1", head)
        .replace("March 3", "March 4")
        .replace("03-03", "03-04")
    )
    other = other.replace("03/03", "03/04").replace("3.3.", "4.3.").replace("Mon", "Tue")
    other = other.replace("Tueday", "Tuesday").replace("Tuetag", "Dienstag")
    content = f"{head}\n\nI felt fine. On March 9, 2025 I will not.\n\n{other}\n\nSo so.\n"
    assert read(content)[0] == [
        ("2025-03-03 00:00", "I felt fine. On March 9, 2025 I will not."),
        ("2025-03-04 00:00", "So so."),
    ]


def test_markdown_headings_inside_entries_stay() -> None:
    content = (
        "# My diary\n\n## 2024-01-31 A walk\n\n### Morning\n\nCold.\n\n2023-01-01 long ago\n\n"
        "## 2024-02-01\n\nWarm.\n"
    )
    found, bad = read(content)
    assert found == [
        ("2024-01-31 00:00", "A walk\n\n### Morning\n\nCold.\n\n2023-01-01 long ago"),
        ("2024-02-01 00:00", "Warm."),
    ]
    assert bad == []


def test_text_before_the_first_date_is_rejected_not_lost() -> None:
    found, bad = read("Some words first.\n\n## 2024-01-31\n\nText.\n", format="journal")
    assert [text for _, text in found] == ["Text."]
    assert [item.reason for item in bad] == ["text before the first date"]


def test_an_entry_without_text_is_counted() -> None:
    found, bad = read("[2024-01-31 09:00]\n[2024-02-01 09:00] words\n")
    assert (len(found), [item.reason for item in bad]) == (1, ["empty text"])


@pytest.mark.parametrize(
    "name",
    ["2024/01/31.txt", "2024-01-31.md", "20240131.txt", "2024_01_31.md", "2024-01-31 walk.md"],
)
def test_a_path_can_be_the_date(tmp_path: Path, name: str) -> None:
    path = tmp_path / "diary" / name
    path.parent.mkdir(parents=True)
    path.write_text("Just words, several, all of one day.\n\nAnd more.\n")
    with open_messages(path, ReadOptions()) as opened:
        (item,) = opened.items
        assert opened.source == "diary"
    assert isinstance(item, Message)
    assert item.text == "Just words, several, all of one day.\n\nAnd more."
    assert item.posted_at is not None
    assert f"{item.posted_at:%Y-%m-%d}" == "2024-01-31"


def test_front_matter_dates_the_file() -> None:
    content = "---\ntitle: A walk\ndate: 2024-01-31 09:00\ntags: [x]\n---\n\nIt was cold.\n"
    assert read(content, Path("walk.md"))[0] == [("2024-01-31 09:00", "A walk\n\nIt was cold.")]
    content = "---\n[2024-01-31 09:00] after a rule\n[2024-02-01 09:00] more\n"
    assert [text for _, text in read(content)[0]] == ["after a rule", "more"]


def test_the_order_of_day_and_month_is_told_by_the_journal() -> None:
    found, bad = read("[03/04/2024] one\n\n[25/04/2024] two\n")
    assert ([time[:10] for time, _ in found], bad) == (["2024-04-03", "2024-04-25"], [])


def test_old_dates_and_zones() -> None:
    found, _ = read("[1660-01-11 09:00] Up early\n", time_zone="Europe/Berlin")
    assert found[0][1] == "Up early"
    assert found[0][0].startswith("1660-01-11 08:0")


def test_the_jrnl_suite() -> None:
    folder = shared_data("jrnl-testdata") / "tests" / "data" / "journals"
    expected = {
        "basic_onefile": 3, "brackets": 1, "deletion": 3, "deletion_filters": 5,
        "little_endian_dates": 2, "markdown-headings-335": 1, "multiline": 1, "simple": 2,
        "simple_jrnl-1-9-5": 3, "simple_jrnl-1-9-5_little_endian_dates": 3, "tags": 2, "work": 0,
    }  # fmt: skip
    for name, n_entries in expected.items():
        with open_messages(folder / f"{name}.journal", ReadOptions()) as opened:
            items = list(opened.items)
        assert len([item for item in items if isinstance(item, Message)]) == n_entries, name
        assert len(items) == n_entries, name
    for name in ("encrypted", "basic_encrypted", "encrypted_v3"):
        with pytest.raises(ReadError, match="an encrypted journal: decrypt it"):
            open_messages(folder / f"{name}.journal", ReadOptions())


def test_day_one_exports() -> None:
    sample = shared_data("dayone-json-sample")
    with open_messages(sample / "sample_dayone_export.json", ReadOptions()) as opened:
        from_json = [item for item in opened.items if isinstance(item, Message)]
    with open_messages(sample / "sample_daygram_export.txt", ReadOptions()) as opened:
        from_text = [item for item in opened.items if isinstance(item, Message)]
    assert [item.posted_at for item in from_json] == [item.posted_at for item in from_text]
    assert [item.text.split() for item in from_json] == [item.text.split() for item in from_text]
    assert all(item.external_id for item in from_json)
    folder = shared_data("jrnl-testdata") / "tests/data/journals/dayone.dayone/entries"
    for path in folder.glob("*.doentry"):
        with open_messages(path, ReadOptions()) as opened:
            (entry,) = opened.items
            assert isinstance(entry, Message)
            assert (entry.external_id, opened.source) == (path.stem, "dayone")
            assert entry.posted_at is not None


def test_a_broken_property_list_is_one_reject() -> None:
    found, bad = read("<dict>\n<key>Entry Text</key>", Path("x.doentry"))
    assert (found, [item.reason for item in bad]) == ([], ["broken property list"])
    entity = (
        '<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "b">]><plist version="1.0"><dict/></plist>'
    )
    assert [item.reason for item in read(entity)[1]] == ["broken property list"]
    unknown = '<?xml version="1.0" encoding="U-8"?><plist version="1.0"><dict></dict></plist>'
    assert [item.reason for item in read(unknown)[1]] == ["broken property list"]
