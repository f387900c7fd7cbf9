"""Every format tells the same, and none lets a message do more than be read."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from reporting.page import Evidence, Report, assemble
from reporting.render import Example
from reporting.shifts import ShiftReport
from reporting.trends import trend
from reporting.twins import FORMATS, parse_formats, write_formats
from reporting.twins.cells import shifts_csv, trends_csv
from reporting.twins.document import json_document
from reporting.twins.markdown import escaped, markdown
from tests.reporting.test_render import hourly, made_of, page, shift


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_all_formats_are_written_beside_each_other(tmp_path: Path) -> None:
    report = made_of()

    written = write_formats(FORMATS, report, page(), tmp_path / "report.html")

    assert [path.name for path in written] == [
        "report.html", "report.md", "report.json", "report.csv", "report-shifts.csv", "report.png",
    ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(p.name for p in written)
    picture = written[-1].read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    # Width and height in the first chunk: more than a line of text.
    assert int.from_bytes(picture[16:20]) > 1500
    assert int.from_bytes(picture[20:24]) > 800


def test_formats_are_named_once_and_known() -> None:
    assert parse_formats("html, MD,html") == ("html", "md")
    with pytest.raises(ValueError, match="html, md, json, csv, png, found 'pdf'"):
        parse_formats("html,pdf")
    with pytest.raises(ValueError, match="found none"):
        parse_formats(" , ")


def test_the_csv_holds_each_source_and_all_together() -> None:
    frame = hourly()
    both = replace(made_of(), hourly=frame)

    rows = rows_of(trends_csv(both))
    expected = trend(frame)

    assert {row["source"] for row in rows} == {"posts"}
    assert len(rows) == len(expected)
    assert sum(int(row["count"]) for row in rows) == expected["count"].sum()
    first = rows[0]
    assert (first["start"], first["emotion"], first["previous"]) == ("2024-03-04", "joy", "")
    assert float(first["share"]) == pytest.approx(expected["share"].iloc[0], abs=1e-6)


def test_no_cell_is_a_formula() -> None:
    report = made_of(source="=HYPERLINK(1)")

    trends = rows_of(trends_csv(report))
    shifts = rows_of(shifts_csv(ShiftReport((shift("@sum(1)"),), (shift("-1+1"),))))

    assert {row["source"] for row in trends} == {"'=HYPERLINK(1)"}
    assert [row["source"] for row in shifts] == ["'@sum(1)", "'-1+1"]
    assert [row["flagged"] for row in shifts] == ["True", "False"]
    # Numbers below zero stay numbers.
    assert any(row["change"].startswith("-0.") for row in trends)


def test_the_json_is_strict_and_complete() -> None:
    text = json_document(made_of(), page(text="a secret sentence"))
    document = json.loads(text, parse_constant=pytest.fail)

    assert document["schema"] == 1
    assert document["shifts"][0]["started_at"] == "2024-04-13"
    assert document["trend"][0]["previous"] is None
    assert document["quality"] == {
        "scored": 620, "unsupported": 0, "low_confidence": 0, "undated": 12, "rejected": 4,
        "waiting": 0, "changed": 0, "reject_reasons": [],
    }  # fmt: skip
    assert document["comparison"]["n"] == 77
    assert "secret sentence" not in text


def test_markdown_says_what_the_page_says() -> None:
    text = markdown(page(text="all is broken"))

    assert "**Anger rose from 20 % to 30 % on 13 April 2024 in posts" in text
    assert "| anger | 20 % | 30 % | 1.7 times | 30 | 3 of 10 |  | open |  |" in text
    assert "> all is broken (2024-04-13, 0.91)" in text
    assert "could be chance" in text
    assert "It is not a diagnostic device" in text


def test_markdown_of_hostile_text_is_text() -> None:
    hostile = "](javascript:x) <img src=x>\n# head | `code` https://example.org"
    evidence = Evidence(examples=[("Messages", [Example("2024-04-13", hostile, 0.5)])])
    report: Report = made_of(source="a|b")

    text = markdown(assemble(report, lambda _: evidence))

    assert "<img" not in text
    assert "\n# head" not in text
    assert "https://" not in text
    assert "a\\|b" in text
    assert escaped("*a*") == "\\*a\\*"
    assert escaped("1. a - b") == "1\\. a - b"
    assert escaped("- a (b)!") == "\\- a (b)!"


def test_an_archive_without_messages_has_all_formats(tmp_path: Path) -> None:
    empty = replace(made_of(), hourly=hourly().iloc[:0], shifts=ShiftReport(), excerpts=None)

    written = write_formats(
        FORMATS, empty, assemble(empty, lambda _: Evidence()), tmp_path / "report.html"
    )

    assert all(path.stat().st_size > 0 for path in written)
