"""Feeds: every entry is a message or a reject, and no feed gets at files, memory or time."""

from __future__ import annotations

import io
import time
import warnings
from pathlib import Path

import feedparser  # type: ignore[import-untyped]  # ships no types
import pytest

from ingest.open import ReadError, ReadOptions, open_messages
from ingest.readers.feed import MAX_FEED_BYTES, read_feed
from ingest.readers.markup import text_of_html
from ingest.readers.record import MessageMaker
from ingest.times import TimeReader
from records import Message, Rejected
from tests.support.paths import shared_data

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>News</title><language>en-GB</language>
<item><title>Storm &amp; rain</title><link>https://example.org/1</link><guid>tag:1</guid>
<author>ada@example.org (Ada)</author><pubDate>Tue, 10 Jun 2003 04:00:00 EST</pubDate>
<description>&lt;p&gt;It rained &lt;b&gt;all&lt;/b&gt; day.&lt;/p&gt;
&lt;script&gt;alert(1)&lt;/script&gt;</description></item>
<item><title>A post that repeats its…</title><link>https://example.org/2</link>
<description>A post that repeats its title</description></item>
<item><link>https://example.org/3</link></item>
<item><title>When?</title><pubDate>someday</pubDate></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title>
<entry><id>urn:1</id><title type="html">One &amp;lt;3</title><updated>2024-01-31T09:00:00</updated>
<author><name>bob</name></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<p>first</p><p>second</p></div></content></entry></feed>"""


def read(content: bytes | str, **options: str) -> tuple[list[Message | Rejected], list[str]]:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    chosen = ReadOptions(source="s", **options)  # type: ignore[arg-type]
    with open_messages(None, chosen, stream=stream) as opened:
        items = list(opened.items)
        assert opened.format == "feed"
        return items, opened.notes


def test_an_rss_feed() -> None:
    items, _ = read(RSS)
    first, second, third, fourth = items
    assert isinstance(first, Message)
    assert first.text == "Storm & rain\n\nIt rained all day."
    assert (first.external_id, first.language) == ("tag:1", "en-GB")
    assert first.author in ("Ada", "ada@example.org (Ada)")
    assert first.posted_at is not None
    assert first.posted_at.isoformat() == "2003-06-10T09:00:00+00:00"
    assert isinstance(second, Message)
    assert (second.text, second.external_id, second.posted_at) == (
        "A post that repeats its title",
        "https://example.org/2",
        None,
    )
    assert isinstance(third, Rejected)
    assert (third.row, third.reason) == (3, "empty text")
    assert isinstance(fourth, Rejected)
    assert fourth.reason == "expected a time, found 'someday'"


def test_an_atom_feed_in_a_named_zone() -> None:
    items, notes = read(ATOM, time_zone="Europe/Berlin")
    (entry,) = items
    assert isinstance(entry, Message)
    assert entry.text == "One <3\n\nfirst\n\nsecond"
    assert (entry.author, entry.external_id) == ("bob", "urn:1")
    assert entry.posted_at is not None
    assert entry.posted_at.isoformat() == "2024-01-31T08:00:00+00:00"
    assert any("Europe/Berlin" in note for note in notes)


def test_all_feeds_of_the_feedparser_suite_add_up() -> None:
    n_files = n_messages = n_rejects = 0
    for path in sorted(shared_data("feedparser-tests").rglob("*.xml")):
        with open_messages(path, ReadOptions()) as opened:
            items = list(opened.items)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            entries = feedparser.parse(io.BytesIO(path.read_bytes())).entries
        assert len(items) == len(entries), path.name
        for entry, item in zip(entries, items, strict=True):
            if isinstance(item, Rejected):
                assert item.reason == "empty text"
                parts = [dict.get(entry, "title"), dict.get(entry, "summary")]
                left = "".join(text_of_html(part or "") for part in parts)
                assert not any(map(str.isalnum, left)), path.name
        n_files += 1
        n_messages += sum(isinstance(item, Message) for item in items)
        n_rejects += sum(isinstance(item, Rejected) for item in items)
    assert n_files == 2106
    assert n_messages > 450


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    for declared, used in (
        (f'<!ENTITY l0 "ha">{laughs}', "&l11;"),
        (f'<!ENTITY big "{"x" * 100_000}">', "&big;" * 1000),
        (f'<!ENTITY file SYSTEM "{secret.as_uri()}">', "&file;"),
        (f'<!ENTITY % ext SYSTEM "{secret.as_uri()}"> %ext;', "&x;"),
    ):
        content = (
            f'<?xml version="1.0"?><!DOCTYPE rss [{declared}]><rss version="2.0"><channel>'
            f"<item><title>[{used}] end</title></item></channel></rss>"
        )
        started = time.monotonic()
        items, _ = read(content)
        assert time.monotonic() - started < 30
        assert len(items) <= 1
        for item in items:
            text = item.text if isinstance(item, Message) else item.reason
            assert "the secret" not in text
            assert "xxx" not in text
            assert "haha" not in text
            assert len(text) < 10_000


def test_entities_hidden_in_a_wide_encoding_refuse_the_feed() -> None:
    content = RSS.replace("<rss", '<!DOCTYPE rss [<!ENTITY a "b">]><rss', 1)
    (item,) = read(content.encode("utf-16"))[0]
    assert isinstance(item, Rejected)
    assert "entities" in item.reason


def test_a_large_feed_is_parsed_apart_and_equal() -> None:
    entry = "<item><title>Storm</title><description>number {}</description></item>"
    many = "".join(entry.format(n) for n in range(6000))
    content = f'<rss version="2.0"><channel>{many}</channel></rss>'.encode()
    assert 300_000 < len(content) < MAX_FEED_BYTES
    items, _ = read(content)
    assert [item.text for item in items if isinstance(item, Message)] == [
        f"Storm\n\nnumber {n}" for n in range(6000)
    ]


def maker() -> MessageMaker:
    return MessageMaker("s", TimeReader(), keep_raw=True)


def test_a_feed_that_takes_too_long_is_given_up() -> None:
    slow = b"<rss>" + b"<a>" * 2_000_000
    started = time.monotonic()
    (item,) = read_feed(io.BytesIO(slow), maker(), [], timeout_s=1.0)
    assert time.monotonic() - started < 20
    assert isinstance(item, Rejected)
    assert item.reason == "the feed takes longer than 1 s to parse"


def test_a_feed_that_is_too_large_is_refused() -> None:
    (item,) = read_feed(io.BytesIO(b"<rss>" + b" " * MAX_FEED_BYTES), maker(), [])
    assert isinstance(item, Rejected)
    assert "larger than" in item.reason


def test_what_is_no_feed_is_said() -> None:
    assert read("<opml><body>hello</body></opml>")[1] == ["no feed was found in it"]
    assert read("<rss version='2.0'><channel></channel></rss>")[1] == ["the feed has no entries"]


@pytest.mark.parametrize(
    "page", ["<html><body>503</body></html>", "<!DOCTYPE html>\n<html lang='en'>"]
)
def test_a_web_page_in_a_feeds_place_is_refused(page: str) -> None:
    with pytest.raises(ReadError, match="found a web page"):
        read(page)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("I <3 you & me", "I <3 you & me"),
        ("<p>One</p><p>two<br>three</p>", "One\n\ntwo\nthree"),
        ("a<style>p {}</style>b<script>c</script>", "ab"),
        ("&lt;b&gt; &#233;&eacute;", "<b> éé"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
    ],
)
def test_html_becomes_what_its_reader_sees(markup: str, text: str) -> None:
    assert text_of_html(markup) == text
