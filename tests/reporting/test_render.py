"""The page stands alone, escapes everything and forbids all that is not its own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jinja2 import UndefinedError

from db.quality import RejectReason
from records import EMOTIONS, Emotion
from reporting.explain import typical_words
from reporting.explorer import Excerpts
from reporting.page import Evidence, Quality, Report, assemble
from reporting.palette import COLOURS, DARK_COLOURS
from reporting.render import Example, Page, render_html, script_safe_json, write_html
from reporting.series import Shift
from reporting.shifts import ShiftReport
from reporting.twins.document import json_document
from reporting.twins.markdown import markdown
from tests.reporting.colour_vision import DEFICIENCIES, luminance, perceived
from tests.reporting.frames import hourly_frame

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}"
NOW = datetime(2024, 6, 1, tzinfo=UTC)


class Elements(HTMLParser):
    """Collect what a browser would see: elements with attributes, scripts, visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.text += f" {data}"


def hourly(days: int = 60, source: str = "posts") -> pd.DataFrame:
    start = datetime(2024, 3, 4, 12, tzinfo=UTC)
    return hourly_frame(
        [
            (start + timedelta(days=day), source, {"joy": 5, "anger": 2 + day // 40, "neutral": 3})
            for day in range(days)
        ]
    )


def shift(source: str = "posts") -> Shift:
    return Shift(
        source=source,
        emotion="anger",
        direction="up",
        started_at=date(2024, 4, 13),
        detected_at=date(2024, 4, 16),
        share_before=0.2,
        share_after=0.3,
        odds_ratio=1.7,
        n=30,
        severity=3,
        state="open",
    )


def sampled(frame: pd.DataFrame, text: str) -> pd.DataFrame:
    """Return one message an hour of the frame, as `reporting.evidence.sample` returns them."""
    n = len(frame)
    return pd.DataFrame(
        {
            "posted_at": frame["hour"],
            "source": frame["source"],
            "author": [f"{'ab'[row % 2]}{row % 2}" * 8 for row in range(n)],
            "text": [text if row % 2 else f"good words number {row}" for row in range(n)],
            "emotion": ["anger" if row % 2 else "joy" for row in range(n)],
            "score": [0.5 + row / n / 2 for row in range(n)],
            "low_confidence": [False] * n,
        }
    )


def busy(frame: pd.DataFrame) -> pd.DataFrame:
    """Let two authors share the frame's days in turn, half of each day's joy."""
    counts = frame.drop(columns=[name for name in frame.columns if name.startswith("sum_")])
    counts = counts.assign(author=[f"{'ab'[row % 2]}{row % 2}" * 8 for row in range(len(frame))])
    for name in counts.columns:
        if name.startswith("n_") and name != "n_joy":
            counts[name] = 0
    return counts.assign(n=counts["n_joy"])


def made_of(source: str = "posts", title: str = "", text: str = HOSTILE) -> Report:
    frame = hourly(source=source)
    messages = sampled(frame, text)
    labelled = zip(messages["emotion"], messages["text"], strict=True)
    words = typical_words(labelled, least_z=1.96)
    weights: dict[Emotion, dict[str, float]] = {"anger": {"alert": 5.0, "broken": 5.0}}
    return Report(
        hourly=frame,
        shifts=ShiftReport((shift(source),), (), (), {source: 30}),
        quality=Quality(n_rejected=4, n_undated=12),
        model="tiny@000000000001",
        made_at=NOW,
        title=title,
        excerpts=Excerpts(busy(frame), messages, weights),
        words={emotion: words.get(emotion, []) for emotion in EMOTIONS},
    )


def page(source: str = "posts", title: str = "", text: str = HOSTILE) -> Page:
    texts = [text] * 40
    example = Example("2024-04-13", text, 0.91, "anger")
    shown = [("Messages scored anger since then", [example])]
    report = made_of(source, title, text)
    return assemble(report, lambda _: Evidence(["calm words here"] * 40, texts, shown))


def test_hostile_text_stays_text() -> None:
    html = render_html(page(source=HOSTILE, title=HOSTILE))
    found = Elements(html)

    # Two blocks of numbers and our own script; nothing that came with a message.
    assert len(found.scripts) == 3
    assert "img" not in {tag for tag, _ in found.seen}
    assert not [attrs for _, attrs in found.seen if any(name.startswith("on") for name in attrs)]
    assert HOSTILE in found.text
    assert "<script>alert" not in html


def test_the_policy_names_exactly_the_pages_own_scripts() -> None:
    found = Elements(render_html(page()))
    policy = next(
        str(attrs["content"])
        for _, attrs in found.seen
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    scripts = re.search(r"script-src ([^;]*)", policy)
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'"
        for code in found.scripts[2:]
    ]

    assert scripts is not None
    assert scripts[1].split() == hashes
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy
    assert "connect-src" not in policy


def test_nothing_is_loaded_from_elsewhere() -> None:
    found = Elements(render_html(page()))

    assert not [attrs for _, attrs in found.seen if "src" in attrs]
    # The one link leads past the text to the charts of this page.
    assert [attrs["href"] for _, attrs in found.seen if "href" in attrs] == ["#explore"]
    assert "@import" not in render_html(page())
    assert "url(" not in render_html(page())
    assert "style" not in {name for _, attrs in found.seen for name in attrs}


def test_no_data_ends_its_script_element() -> None:
    found = Elements(render_html(page(source="</script><b>", text="</script><b>bold")))
    people, held = found.scripts[:2]

    assert json.loads(held)["sources"] == ["</script><b>"]
    assert any("</script><b>bold" in "".join(row[5]) for row in json.loads(held)["examples"])
    assert json.loads(people)["author"]


def test_every_line_of_the_page_is_there() -> None:
    text = re.sub(r"\s+", " ", Elements(render_html(page())).text)

    for part in (
        "Anger rose from 20 % to 30 % on 13 April 2024 in posts, 30 messages",
        "What this does not do",
        "Words that mark each emotion",
        "of 100 scored messages, 12 had anger as their highest score",
        "Messages scored anger since then",
        "It is not a diagnostic device",
        "rejected 4",
        "undated 12",
        "tiny@000000000001",
        "Words used more",
    ):
        assert part in text, part


def test_why_rows_were_rejected_is_told_by_row_numbers() -> None:
    reasons = (
        RejectReason("posts", "posts.csv", "expected a time", 1_204, (17, 203)),
        RejectReason(HOSTILE, "-", "empty text", 1, (5,)),
    )
    quality = Quality(n_rejected=1_205, n_changed=3, reasons=reasons)
    two = pd.concat([hourly(), hourly(source="chat")], ignore_index=True)
    report = replace(made_of(), quality=quality, hourly=two)
    made = assemble(report, lambda _: Evidence())
    text = re.sub(r"\s+", " ", Elements(render_html(made)).text)

    for part in (
        "rejected 1,205 rows that could not be read",
        "changed 3 known ids",
        "expected a time posts posts.csv 1,204 17, 203, …",
        f"empty text {HOSTILE} standard input 1 5 ",
        "not scored chat 620 0 (0 %) 0 (0 %) posts 620",
    ):
        assert part in text, part
    # Where nothing was rejected, and one source is all there is, there is no table of either.
    assert "Why rows were rejected" not in render_html(page())
    assert "By source" not in render_html(page())
    told = markdown(made)
    assert "| expected a time | posts | posts.csv | 1,204 | 17, 203, … |" in told
    assert "| chat | 620 | 0 (0 %) | 0 (0 %) |" in told
    document = json.loads(json_document(report, made))["quality"]
    assert document["changed"] == 3
    assert document["reject_reasons"][0]["rows"] == [17, 203]


def test_every_control_has_a_name_and_every_chart_can_be_reached_by_keys() -> None:
    html = render_html(page())
    found = Elements(html)

    charts = [attrs for _, attrs in found.seen if attrs.get("class") == "chart"]
    assert len(charts) == 3 + 2  # joy, anger, neutral; net mood and messages
    assert all(attrs["tabindex"] == "0" and attrs["aria-label"] for attrs in charts)
    labelled = re.findall(r"<label[^>]*>[^<]*<(?:select|input)[^>]*id=\"(\w+)", html)
    assert set(labelled) == {"source", "author", "period", "from", "to", "measure"}
    assert all(
        attrs.get("aria-label") or attrs.get("aria-labelledby")
        for tag, attrs in found.seen
        if tag in {"dialog", "form"}
    )


def test_what_is_known_of_a_shift_is_shown() -> None:
    full = replace(
        shift(),
        interval_before=(0.17, 0.23),
        interval_after=(0.2, 0.42),
        persistence_days=21,
        author="abcdef0123456789",
    )
    report = replace(made_of(), shifts=ShiftReport((full,)))

    html = render_html(assemble(report, lambda _: Evidence()))
    text = re.sub(r"\s+", " ", Elements(html).text)

    for part in ("17 to 23 %", "20 to 42 %", "21 days", "author abcdef01"):
        assert part in text, part


def test_a_number_and_its_percent_sign_share_a_line() -> None:
    html = render_html(page())

    sentences = re.findall(r"<(?:p|h3|li)(?: class=\"[a-z]+\")?>([^<]*%[^<]*)", html)
    assert len(sentences) > 5
    assert all(re.search(r"\d %", sentence) is None for sentence in sentences)


def test_an_empty_database_gives_a_page() -> None:
    report = Report(hourly().iloc[:0], ShiftReport(), Quality(), "none", NOW)

    html = render_html(assemble(report, lambda _: Evidence()))

    assert "There are no scored messages" in Elements(html).text


def test_writing_replaces_whole_files_and_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "report.html"

    write_html(page(title="one"), target)
    write_html(page(title="two"), target)

    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
    assert "<h1>two</h1>" in target.read_text(encoding="utf-8")


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    target = write_html(page(title="one"), tmp_path / "report.html")
    broken = Page("two", "", "week", [], changes=[object()])  # type: ignore[list-item]

    with pytest.raises(UndefinedError):
        write_html(broken, target)

    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert "<h1>one</h1>" in target.read_text(encoding="utf-8")


def test_json_cannot_leave_its_script_element() -> None:
    text = script_safe_json({"a": "</script><!--\u2028&"})

    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script><!--\u2028&"}


@pytest.mark.parametrize(("colours", "paper"), [(COLOURS, "#ffffff"), (DARK_COLOURS, "#14181c")])
def test_colours_stand_out_from_their_paper(colours: dict[Emotion, str], paper: str) -> None:
    assert tuple(colours) == EMOTIONS
    for emotion, colour in colours.items():
        lighter, darker = sorted((luminance(colour), luminance(paper)), reverse=True)
        # WCAG 2.2, 1.4.11: lines and areas that carry meaning.
        assert (lighter + 0.05) / (darker + 0.05) >= 3, emotion


@pytest.mark.parametrize("colours", [COLOURS, DARK_COLOURS])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colours_differ_for_colour_blind_people(
    colours: dict[Emotion, str], deficiency: str
) -> None:
    seen = {name: perceived(colour, deficiency) for name, colour in colours.items()}
    for one, other in combinations(seen, 2):
        # Oklab: at .02 two patches can be told apart side by side.
        assert np.linalg.norm(seen[one] - seen[other]) >= 0.09, (one, other)
