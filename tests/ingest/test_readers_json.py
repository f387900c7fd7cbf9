"""JSON lines and documents: dumps, exports and broken files."""

from __future__ import annotations

import io
import json
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.open import Opened, ReadError, ReadOptions, open_messages
from records import Message, Rejected
from tests.support.paths import shared_data


def read(content: str | bytes, **options: Any) -> tuple[Opened, list[Message | Rejected]]:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    chosen = ReadOptions(**{"source": "s", **options})
    with open_messages(None, chosen, stream=stream) as opened:
        return opened, list(opened.items)


def messages(content: str | bytes, **options: Any) -> list[Message]:
    return [item for item in read(content, **options)[1] if isinstance(item, Message)]


def rejects(content: str | bytes, **options: Any) -> list[Rejected]:
    return [item for item in read(content, **options)[1] if isinstance(item, Rejected)]


def lines_of(*records: object) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records)


def test_pepys_has_two_undated_entries() -> None:
    path = shared_data("pepys-diary") / "pepys_entries.jsonl"
    with open_messages(path, ReadOptions()) as opened:
        items = list(opened.items)
    found = [item for item in items if isinstance(item, Message)]
    assert len(found) == len(items) == 3415
    assert sum(item.posted_at is None for item in found) == 2
    dated = [item.posted_at for item in found if item.posted_at is not None]
    assert f"{min(dated):%Y-%m-%d}" == "1660-01-11"
    assert (opened.format, len({item.external_id for item in found})) == ("jsonl", 3415)


@pytest.mark.parametrize(
    ("name", "n_rows", "n_deleted"),
    [
        ("RC_2005-12.zst", 1075, 120),
        ("RC_2006-01.zst", 3666, 528),
        ("RS_2006-01.bz2", 145, 0),
        ("AskMen_submissions.zst", 13050, 0),
    ],
)
def test_reddit_dumps_add_up(name: str, n_rows: int, n_deleted: int) -> None:
    with open_messages(shared_data("reddit-dumps") / name, ReadOptions()) as opened:
        items = list(opened.items)
    assert len(items) == n_rows
    reasons = Counter(item.reason for item in items if isinstance(item, Rejected))
    assert reasons["deleted text"] == n_deleted
    assert set(reasons) <= {"deleted text", "empty text"}
    for item in items:
        if isinstance(item, Message):
            assert item.posted_at is not None
            assert item.external_id
            assert item.author != "[deleted]"


def test_comments_and_submissions() -> None:
    found = messages(
        lines_of(
            {"id": "a", "body": "a comment", "author": "ada", "created_utc": 1138751932,
             "link_id": "t3_x"},
            {"id": "b", "body": "[deleted]", "author": "[deleted]", "created_utc": "1138751932"},
            {"id": "c", "body": "kept", "author": "[deleted]", "created_utc": "1138751932"},
        )
    )  # fmt: skip
    assert [(item.external_id, item.author, item.thread) for item in found] == [
        ("a", "ada", "t3_x"),
        ("c", None, None),
    ]
    assert len({item.posted_at for item in found}) == 1
    found = messages(
        lines_of(
            {"id": "a", "title": "A title", "selftext": "and more", "name": "t3_a"},
            {"id": "b", "title": "A link", "selftext": ""},
            {"id": "c", "title": "Taken back", "selftext": "[removed]"},
        )
    )
    assert [item.text for item in found] == ["A title\n\nand more", "A link", "Taken back"]


def test_nested_keys_are_found_beside_the_text() -> None:
    status = {
        "id": 7,
        "created_at": "2024-01-31T09:00:00Z",
        "content": "<p>One &amp; <b>two</b></p><p>three</p>",
        "account": {"id": 99, "acct": "ada@example.org", "created_at": "2019-01-01", "note": "hi"},
    }
    (found,) = messages(lines_of(status))
    assert (found.external_id, found.author) == ("7", "ada@example.org")
    assert found.text == "One & two\n\nthree"
    assert found.posted_at is not None
    assert found.posted_at.year == 2024


def test_what_the_texts_object_does_not_say_is_found_around_it() -> None:
    post = {
        "id": 7,
        "attributes": {
            "created": "2024-01-31T09:00:00Z",
            "content": {"body": "words", "lang": "en"},
            "user": {"id": 99, "name": "ada"},
        },
    }
    (found,) = messages(lines_of(post))
    assert (found.text, found.external_id, found.author) == ("words", "7", "ada")
    assert (found.posted_at is not None, found.language) == (True, "en")


def test_a_chat_of_facebook_names_its_senders() -> None:
    chat = {
        "participants": [{"name": "Ada"}],
        "messages": [{"sender_name": "Ada", "timestamp_ms": 1706691600000, "content": "words"}],
    }
    (found,) = messages(json.dumps(chat))
    assert (found.text, found.author, f"{found.posted_at}") == (
        "words",
        "Ada",
        "2024-01-31 09:00:00+00:00",
    )


def test_keys_can_be_named_by_path() -> None:
    record = {"payload": {"words": "the text"}, "by": {"who": "eve"}, "at": {"$date": 1138751932}}
    (found,) = messages(
        lines_of(record), text_column="payload.words", author_column="by.who", time_column="at"
    )
    assert (found.text, found.author) == ("the text", "eve")
    assert found.posted_at is not None
    with pytest.raises(
        ReadError, match=r"--text-column: expected one of 'at', 'payload.words', 'by.who'"
    ):
        read(lines_of(record), text_column="body")


def test_records_may_hold_other_keys_than_the_first_ones() -> None:
    found = messages(lines_of({"text": "one"}, {"body": "two", "id": "x"}, {"text": "three"}))
    assert [item.text for item in found] == ["one", "two", "three"]


def test_a_broken_line_costs_one_line() -> None:
    content = (
        '{"text": "one"}\n{"text": "tw\n\n[1]\n"word"\n'
         '{"text": ' + "[" * 100_000 + "\n"
        + '{"text": "x", "n": ' + "9" * 5000 + "}\n"
        + '{"text": NaN}\n{"id": 5}\n{"text": "six", "created_at": "soon"}\n{"text": "\\ud83d!"}\n'
    )  # fmt: skip
    _, items = read(content)
    assert [item.text for item in items if isinstance(item, Message)] == ["one", "\ufffd!"]
    assert [(item.row, item.reason) for item in items if isinstance(item, Rejected)] == [
        (2, "broken JSON at character 10: unterminated string starting at"),
        (3, "expected a JSON object"),
        (4, "expected a JSON object"),
        (5, "broken JSON: nested too deeply"),
        (6, "broken JSON: a number with too many digits"),
        (7, "no key holds text: --text-column names it"),
        (8, "no key holds text: --text-column names it"),
        (9, "expected a time, found 'soon'"),
    ]
    for item in items:
        if isinstance(item, Rejected):
            assert item.position is not None
            assert item.raw is not None
            assert content.encode()[item.position :].startswith(item.raw[:50].encode())


def test_documents_are_read_wherever_their_list_lies() -> None:
    entries = [{"text": f"entry {n}", "uuid": f"u{n}", "tags": [{"name": "x"}]} for n in range(3)]
    for document in (
        entries,
        {"metadata": {"version": "1.0", "parts": [{"n": 1}]}, "entries": entries},
        {"title": "A feed", "description": "of things", "items": entries},
        {"data": {"children": entries}, "next": None},
    ):
        for indent in (None, 4):
            opened, items = read(json.dumps(document, indent=indent))
            assert opened.format == "json"
            assert [item.text for item in items if isinstance(item, Message)] == [
                "entry 0",
                "entry 1",
                "entry 2",
            ], (document, indent)
            assert len(items) == 3


def test_an_object_over_several_lines_is_one_message() -> None:
    one = json.dumps({"id": 1, "text": "hello", "urls": [{"text": "x"}]}, indent=2)
    assert [item.text for item in messages(one)] == ["hello"]
    assert [item.text for item in messages(f"{one}\n{one}")] == ["hello", "hello"]


def test_a_json_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "A feed",
        "items": [
            {"id": "1", "content_html": "It's <b>fine</b> &amp; well", "title": "x",
             "date_published": "2024-01-31T09:00:00+01:00", "authors": [{"name": "Ada"}]},
        ],
    }  # fmt: skip
    (found,) = messages(json.dumps(feed))
    assert (found.text, found.author, found.external_id) == ("It's fine & well", "Ada", "1")
    assert found.posted_at is not None


def test_a_script_assignment_before_the_list_is_passed_over() -> None:
    tweet = {"tweet": {"id_str": "5", "full_text": "hi", "created_at": "2018-10-10"}}
    (found,) = messages(f"window.YTD.tweets.part0 = {json.dumps([tweet])}")
    assert (found.external_id, found.text) == ("5", "hi")
    assert found.posted_at is not None


def test_a_broken_object_in_a_list_costs_itself() -> None:
    content = '[{"text":"a"},{"text":"b",},{"text":"c" "d"},\n{"text":"e"},7,{"text":"é\\ud800"}]'
    _, items = read(content)
    assert [item.text for item in items if isinstance(item, Message)] == ["a", "e", "é\ufffd"]
    bad = [item for item in items if isinstance(item, Rejected)]
    assert [item.row for item in bad] == [2, 3, 5]
    for item, start in zip(bad, ('{"text":"b"', '{"text":"c"', "7"), strict=True):
        assert item.position is not None
        assert content.encode()[item.position :].startswith(start.encode())
    assert bad[2].reason == "expected a JSON object"


def test_a_cut_document_says_so() -> None:
    _, items = read('[{"text":"a"},{"text":"b"')
    assert isinstance(items[-1], Rejected)
    assert items[-1].reason.startswith("broken JSON")
    assert len(items) == 2


def test_a_document_longer_than_the_head_is_streamed() -> None:
    records = [{"text": f"message {n} " + "x" * (n % 700), "id": n} for n in range(20_000)]
    content = json.dumps({"entries": records, "metadata": {}}, ensure_ascii=False)
    found = messages(content)
    assert [item.text for item in found] == [record["text"] for record in records]
    assert len(content) > 5_000_000


def test_latin1_and_utf16_documents() -> None:
    content = json.dumps([{"text": "déjà vu"}, {"text": "ça va"}], ensure_ascii=False)
    for encoding in ("latin-1", "utf-16", "utf-8-sig", "utf-32"):
        assert [item.text for item in messages(content.encode(encoding))] == ["déjà vu", "ça va"]


def test_the_torture_suite_ends_in_rows_or_an_error_that_can_be_mended() -> None:
    folder = shared_data("jsontestsuite") / "test_parsing"
    n_files = 0
    for path in sorted(folder.glob("*.json")):
        n_files += 1
        for forced in (None, "json", "jsonl"):
            items: list[Message | Rejected] = []
            with suppress(ReadError), open_messages(path, ReadOptions(format=forced)) as opened:
                items = list(opened.items)
            if path.name.startswith("n_") and forced == "jsonl" and path.stat().st_size:
                assert not any(isinstance(item, Message) for item in items), path.name
    assert n_files == 318


@pytest.mark.parametrize("layout", ["lines", "list"])
def test_a_first_object_longer_than_the_head_tells_its_keys(layout: str) -> None:
    records = [
        {"id": n, "created_at": "2024-05-01T10:00:00Z", "body": body}
        for n, body in enumerate(["so happy " * 60_000, "fine"])
    ]
    content = lines_of(*records) if layout == "lines" else json.dumps(records)
    opened, items = read(content)
    assert opened.notes == ["keys taken: text = 'body', time = 'created_at', id = 'id'"]
    assert [getattr(item, "external_id", None) for item in items] == ["0", "1"]
    assert all(isinstance(item, Message) and item.posted_at for item in items)


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["id", "author", "created_at", "x", "user"]), values),
        max_size=8,
    ),
    st.sampled_from(["jsonl", "json"]),
)
def test_any_objects_give_a_row_each(records: list[dict[str, Any]], form: str) -> None:
    records = [{**record, "text": f"text {n}"} for n, record in enumerate(records)]
    content = lines_of(*records) if form == "jsonl" else json.dumps(records)
    _, items = read(content, format=form)
    assert len(items) == len(records)
    for record, item in zip(records, items, strict=True):
        if isinstance(item, Message):
            assert item.text == record["text"]
        else:
            assert "time" in item.reason or "day from month" in item.reason


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | st.text('[]{}",:0 ae\\\n').map(str.encode))
def test_no_bytes_end_the_run(content: bytes) -> None:
    for form in ("json", "jsonl"):
        try:
            _, items = read(content, format=form)
        except ReadError:
            continue
        for item in items:
            if isinstance(item, Rejected) and item.position is not None:
                assert 0 <= item.position <= len(content)
