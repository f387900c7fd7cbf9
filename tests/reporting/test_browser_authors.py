"""The page in a real browser where authors are watched apart: their shifts, series and messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from db.engine import open_database
from reporting.jobs import ReportResult, build_report
from reporting.page import Evidence, assemble
from reporting.render import write_html
from reporting.shifts import ShiftReport
from tests.reporting.test_browser import choose, text_of
from tests.reporting.test_monitored import DAYS, fill_diaries
from tests.reporting.test_render import made_of, shift
from tests.support.chromium import Browser, Tab

MARKS = "document.querySelectorAll('figure:not([hidden]) .shift-start').length"
CARDS = "[...document.querySelectorAll('article.card')]"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> ReportResult:
    folder = tmp_path_factory.mktemp("watched")
    engine = open_database(folder / "moodwatch.db")
    fill_diaries(engine)
    result = build_report(engine, out_dir=folder, authors=["ann", "bob"])
    engine.dispose()
    return result


@pytest.fixture
def tab(browser: Browser, found: ReportResult) -> Iterator[Tab]:
    opened = browser.open(found.path)
    yield opened
    # Whatever was done with the page, nothing failed in it and nothing was asked for.
    assert opened.complaints() == []
    asked = {url for url in opened.requests() if not url.startswith("data:")}
    assert asked == {found.path.as_uri()}
    opened.close()


def test_a_watched_authors_shift_is_told_first_and_has_a_card(
    tab: Tab, found: ReportResult
) -> None:
    theirs = [shift for shift in found.shifts if shift.author == "ann"]
    assert theirs
    headline = tab.evaluate("document.querySelector('.lead').textContent")
    assert headline.replace("\N{NO-BREAK SPACE}", " ") == found.headlines[0]
    told = tab.evaluate("[...document.querySelectorAll('main > section:first-of-type p')]"
                        ".map(p => p.textContent)")  # fmt: skip
    anger = next(shift for shift in theirs if shift.emotion == "anger")
    assert any(
        line.startswith("Anger rose from") and "in diaries (author ann)" in line for line in told
    )
    card = "diaries, author ann, since"
    [text] = tab.evaluate(f"{CARDS}.map(c => c.textContent).filter(t => t.includes('{card}'))")
    assert f"{anger.severity} of 10" in text


def test_an_authors_series_is_their_own(tab: Tab) -> None:
    names = "[...document.getElementById('author').options].map(o => o.textContent)"
    assert tab.evaluate(names) == ["all authors", "ann", "bob", "all others"]
    choose(tab, "author", 0)
    assert f"author ann, 4 Mar 2024 to 9 Sep 2024: {DAYS} scored" in text_of(tab, "summary")
    shares = (
        "[...document.querySelectorAll('#number-rows tr')].map(r => [...r.cells].map(c => "
        "c.textContent))"
    )
    columns = tab.evaluate(
        "[...document.getElementById('number-rows').closest('table').querySelectorAll('thead th')]"
        ".map(c => c.textContent)"
    )
    anger = columns.index("anger")
    rows = tab.evaluate(shares)
    # Newest first, the cut week left out: of seven entries four are angry after, one before.
    assert [row[anger] for row in rows[1:5]] == ["57 %"] * 4
    assert [row[anger] for row in rows[-5:-1]] == ["14 %"] * 4
    choose(tab, "author", 1)
    assert text_of(tab, "summary").startswith("all sources, author bob")
    assert {row[anger] for row in tab.evaluate(shares)[1:-1]} == {"14 %"}


def test_shifts_are_drawn_where_their_author_is_chosen(tab: Tab, found: ReportResult) -> None:
    n_own = sum(shift.author == "ann" for shift in found.shifts)
    n_sources = sum(shift.author is None for shift in found.shifts)
    # Each stands in its emotion's chart; net mood has one line for all of one day.
    emotions = "document.querySelectorAll('figure:not([data-chart=net]) .shift-start').length"
    assert tab.evaluate(emotions) == n_sources
    choose(tab, "author", 0)
    assert tab.evaluate(emotions) == n_own > 0
    choose(tab, "author", 1)
    assert tab.evaluate(MARKS) == 0
    options = "[...document.getElementById('source').options].map(o => o.textContent)"
    letters = tab.evaluate(options).index("letters") - 1
    choose(tab, "source", letters)
    choose(tab, "author", 0)
    assert tab.evaluate(MARKS) == 0
    assert tab.evaluate("document.getElementById('nothing').hidden") is False


def test_the_button_of_a_card_chooses_its_author(tab: Tab) -> None:
    tab.evaluate(
        f"{CARDS}.find(c => c.textContent.includes('author ann'))"
        ".querySelector('[data-show-shift]').click()"
    )
    chosen = "document.getElementById('{}').selectedOptions[0].textContent"
    assert tab.evaluate(chosen.format("source")) == "diaries"
    assert tab.evaluate(chosen.format("author")) == "ann"
    assert tab.evaluate(MARKS) >= 2
    assert tab.evaluate("document.activeElement.id") == "explore-title"


def test_messages_behind_a_point_are_the_authors(tab: Tab) -> None:
    choose(tab, "author", 0)
    tab.evaluate(
        "[...document.querySelectorAll('figure')].find(f => f.querySelector('b').textContent === "
        "'anger').querySelector('.chart').focus()"
    )
    tab.press("ArrowLeft")
    tab.press("ArrowLeft")
    tab.press("Enter")
    assert text_of(tab, "messages-title").startswith("Scored anger, the week of ")
    assert "all sources, author ann: 4 of 7 scored messages" in text_of(tab, "messages-count")
    footers = "[...document.querySelectorAll('#messages-list footer')].map(f => f.textContent)"
    shown = tab.evaluate(footers)
    assert shown
    assert all(line.endswith("diaries · author ann") for line in shown)


def test_who_is_not_held_has_no_button(browser: Browser, tmp_path: Path) -> None:
    elsewhere = replace(shift(), author="elsewhere")
    report = replace(made_of(), shifts=ShiftReport((shift(), elsewhere)))
    tab = browser.open(write_html(assemble(report, lambda _: Evidence()), tmp_path / "report.html"))
    hidden = "[...document.querySelectorAll('[data-show-shift]')].map(b => b.hidden)"
    assert sorted(tab.evaluate(hidden)) == [False, True]
    assert tab.complaints() == []
    tab.close()
