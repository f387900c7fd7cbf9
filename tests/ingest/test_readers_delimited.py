"""Delimited files: whatever a table holds is read back, whatever is broken costs one row."""

from __future__ import annotations

import csv
import io
import json
import string
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.open import ReadError, ReadOptions, open_messages
from records import Message, Rejected
from tests.support.paths import shared_data


def read(content: str | bytes, **options: Any) -> tuple[list[Message | Rejected], list[str]]:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    chosen = ReadOptions(**{"source": "s", "format": "csv", **options})
    with open_messages(None, chosen, stream=stream) as opened:
        return list(opened.items), opened.notes


def texts(items: list[Message | Rejected]) -> list[str]:
    return [item.text for item in items if isinstance(item, Message)]


def rejects(items: list[Message | Rejected]) -> list[Rejected]:
    return [item for item in items if isinstance(item, Rejected)]


NO_TEXTS = ("\\N", "[deleted]", "[removed]", "[deleted by user]")
EARLIEST = datetime(1600, 1, 1)  # noqa: DTZ001 - hypothesis wants its bounds naive

# NUL is the one character that no database holds; it is replaced, and tested apart.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
fields = st.text(st.one_of(st.sampled_from(",;\t|\"'\\\r\n #a"), characters), max_size=30)
words = st.text(string.ascii_letters + string.digits + "_-,;\"' ", max_size=12).map(str.strip)
rows_of_four = st.lists(
    st.tuples(
        words,
        words,
        st.datetimes(min_value=EARLIEST).map(lambda time: time.isoformat(" ")),
        fields.filter(lambda text: bool(text.strip()) and text not in NO_TEXTS),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=rows_of_four,
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
)
@example(rows=[("1", "a", "2024-01-01T00:00:00", 'x"')], delimiter=",", quoting=0, encoding="utf-8")
@example(
    rows=[("1", "a", "2024-01-01T00:00:00", "\r\n,\n")], delimiter=";", quoting=0, encoding="utf-16"
)
def test_tables_written_by_csv_writer_read_back_equal(
    rows: list[tuple[str, str, str, str]], delimiter: str, quoting: Any, encoding: str
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")
    writer.writerow(["id", "author", "created_at", "text"])
    writer.writerows(rows)
    items, _ = read(written.getvalue().encode(encoding))
    assert rejects(items) == []
    assert [
        (item.external_id, item.author or "", item.posted_at, item.text)
        for item in items
        if isinstance(item, Message)
    ] == [
        (key, author, datetime.fromisoformat(f"{time}+00:00"), text)
        for key, author, time, text in rows
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.binary(max_size=400))
@example(content=b'a,b\n"')
@example(content=b'\xff\xfe"\x00')
def test_no_bytes_end_the_run(content: bytes) -> None:
    try:
        items, _ = read(content, text_column="1", header=False)
    except ReadError:
        return
    for item in items:
        assert item.source == "s"
        if isinstance(item, Rejected):
            assert item.position is None or 0 <= item.position <= len(content)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_told_by_even_rows(delimiter: str) -> None:
    lines = [
        ["when", "who", "what was said"],
        ["2024-01-01", "ada", "one; two | three, four"],
        ["2024-01-02", "bob", "five, six; seven | eight"],
        ["2024-01-03", "eve", "nine | ten, eleven; twelve"],
    ]
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(lines)
    items, notes = read(written.getvalue(), format=None)
    assert texts(items) == [line[2] for line in lines[1:]]
    assert "text = 'what was said' (by its content)" in notes[0]
    assert "time = 'when'" in notes[0]


def test_one_text_a_line_keeps_its_commas() -> None:
    for content in ("text\nhello, world\nso, what, now\nfine\n", "hello, world\nso, what\nfine\n"):
        assert texts(read(content)[0])[-1] == "fine"
        assert "hello, world" in texts(read(content)[0])


def test_bare_quotes_in_tab_separated_texts_stay() -> None:
    lines = [
        '"really" he said\t27\teaaa1',
        'he "said\t3\teaaa2',
        '"Not" so\t5\teaaa3',
        '"And\t7\teaaa5',
        'end"\t6\tebb4',
    ]
    items, _ = read("\n".join(lines), format="tsv")
    assert texts(items) == [line.split("\t")[0] for line in lines]


def test_backslash_escaped_quotes_are_understood() -> None:
    content = 'id,text,author\n1,"he said \\"yes, yes\\" twice",ada\n2,"plain, so",bob\n'
    assert texts(read(content)[0]) == ['he said "yes, yes" twice', "plain, so"]


def test_a_spreadsheets_separator_line_is_obeyed() -> None:
    items, _ = read("sep=;\r\ntext;author\r\none, two;ada\r\n", format=None)
    assert [(item.text, item.author) for item in items if isinstance(item, Message)] == [
        ("one, two", "ada")
    ]


@pytest.mark.parametrize(
    "above",
    [
        "Survey of the first quarter,,\n",
        "Survey\n",
        "Survey\n\n,,\n",
        '"Survey, 2025"\n',
        "sep=,\nA\n",
    ],
)
def test_titles_above_the_header_are_passed_over(above: str) -> None:
    items, notes = read(f"{above}Date,Author,Comment\n2025-03-01,ada,a fine day\n")
    (item,) = items
    assert isinstance(item, Message)
    assert (item.text, item.author, str(item.posted_at)[:10]) == ("a fine day", "ada", "2025-03-01")
    n_lines = above.count("\n") + 1
    assert notes[0].startswith(f"header row in line {n_lines}; columns taken: text = 'Comment'")


def test_one_known_name_over_rows_as_wide_heads_them() -> None:
    rows = "2025-03-01,R1,a fine day\n2025-03-02,R2,and, well, another\n"
    items, _ = read(f"Survey of spring,,\n,,\nDate,Respondent,What did you think?\n{rows}")
    assert texts(items) == ["a fine day", "and, well, another"]
    assert all(isinstance(item, Message) and item.posted_at for item in items)


def test_texts_above_a_row_of_names_are_no_title() -> None:
    content = "text\nI liked it\ndate and author\ntime, comment\n"
    assert texts(read(content)[0]) == ["I liked it", "date and author", "time, comment"]


def test_old_mac_line_ends() -> None:
    assert texts(read("id,text\r1,one\r2,two\r")[0]) == ["one", "two"]


def test_columns_are_found_without_a_header() -> None:
    lines = [
        f'{n % 2},14678{n:05d},Mon Apr 06 22:{n:02d}:45 PDT 2009,NO_QUERY,user_{n},"text, no {n}"'
        for n in range(50)
    ]
    items, notes = read("\n".join(lines))
    assert notes[0] == (
        "no header row; columns taken: text = column 6 (by its content), time = column 3 (by its "
        "content), author = column 5 (by its content), id = column 2 (by its content)"
    )
    first = items[0]
    assert isinstance(first, Message)
    assert (first.external_id, first.author, first.text) == ("1467800000", "user_0", "text, no 0")
    assert first.posted_at is not None
    assert first.posted_at.isoformat() == "2009-04-07T05:00:45+00:00"


def test_columns_can_be_named_or_numbered() -> None:
    content = "a,b,c,d\nx,2024-01-01,y,z\n"
    for text, time in (("d", "b"), ("4", "2"), (" D ", "B")):
        items, _ = read(
            content, text_column=text, time_column=time, author_column="c", id_column="1"
        )
        item = items[0]
        assert isinstance(item, Message)
        assert (item.text, item.author, item.external_id) == ("z", "y", "x")
        assert item.posted_at is not None


def test_a_missing_column_is_told_with_those_there_are() -> None:
    with pytest.raises(ReadError, match=r"--text-column: expected one of 'a', 'b', found 'body'"):
        read("a,b\n1,2\n", text_column="body")
    with pytest.raises(ReadError, match=r"--text-column; expected one of 'a', 'b'"):
        read("a,b\n1,2\n")


def test_the_source_column_names_the_source_of_each_row() -> None:
    items, _ = read("text,app\none,web\ntwo,\n", source_column="app")
    assert [item.source for item in items] == ["web", "s"]


def test_commas_of_prose_in_an_unquoted_last_column_are_text() -> None:
    rows = [
        "2025-03-01,Ada,well, that was, in short, fine",
        "2025-03-02,Lovelace, Ada,a row whose author held the comma",
        "2025-03-03,Ada,one,two",
        '2025-03-04,Ada,"quoted", and more',
    ]
    items, _ = read("date,author,text\n" + "\n".join(rows) + "\n")
    assert texts(items) == ["well, that was, in short, fine"]
    assert [one.reason for one in rejects(items)] == ["expected 3 columns, found 4"] * 3


def test_commas_in_a_text_that_is_not_last_are_not_guessed_at() -> None:
    items, _ = read("text,date\nwell, fine,2025-03-01\ngood,2025-03-02\n")
    assert texts(items) == ["good"]


def test_ragged_rows_are_rejected_one_by_one() -> None:
    content = "id,text\n1,one\n2\n3,three,more\n4,four,,\n5,five\n"
    items, _ = read(content)
    assert texts(items) == ["one", "four", "five"]
    assert [(item.row, item.position, item.reason, item.raw) for item in rejects(items)] == [
        (2, 14, "expected 2 columns, found 1", "2\n"),
        (3, 16, "expected 2 columns, found 3", "3,three,more\n"),
    ]


def test_a_quote_that_never_closes_costs_one_row() -> None:
    lines = [f'{n},"text number {n}",x' for n in range(500)]
    lines[40] = '40,"an opened quote,x'
    items, _ = read("id,text,author\n" + "\n".join(lines) + "\n")
    assert len(texts(items)) == 499
    (bad,) = rejects(items)
    assert bad.row == 41
    assert "quote opened here" in bad.reason


def test_a_quote_that_never_closes_at_the_end_of_the_file() -> None:
    items, _ = read('id,text\n0,"zero"\n1,"one"\n2,"two\n3,three\n4,four\n')
    assert texts(items) == ["zero", "one", "three", "four"]
    assert [item.reason for item in rejects(items)] == ["a quote opened here is never closed"]


def test_quotes_opened_in_every_line_stay_linear() -> None:
    # Behind a sound head each line closes the quote of the one before and opens another: were
    # every record read on to the limit, this would take 30,000 times 200 kB.
    items, _ = read("id,text\n" + '1,"a sound, quoted text"\n' * 20_000 + 'c"d,"e\n' * 30_000)
    assert len(texts(items)) >= 20_000
    assert 0 < len(rejects(items)) <= 30_000


def test_a_record_over_the_limit_is_rejected_and_the_rest_read() -> None:
    long = "x" * 10_000_001
    items, _ = read(f'id,text\n1,one\n2,{long}\n3,"{long}"\n4,four\n')
    assert texts(items) == ["one", "four"]
    assert [item.row for item in rejects(items)] == [2, 3]
    assert all("longer than" in item.reason for item in rejects(items))


def test_nul_bytes_and_empty_texts() -> None:
    items, _ = read("id,text\n1,a\x00b\n2,   \n3,\n4,[deleted]\n\n5,five\n")
    assert texts(items) == ["a\ufffdb", "five"]
    assert [(item.row, item.reason) for item in rejects(items)] == [
        (2, "empty text"),
        (3, "empty text"),
        (4, "deleted text"),
    ]


def test_rejects_quote_no_text_and_keep_raw_only_if_asked() -> None:
    content = "id,text,created_at\n1,my secret,someday soon\n"
    (bad,) = rejects(read(content)[0])
    assert bad.reason == "expected a time, found 'someday soon'"
    assert bad.raw == "1,my secret,someday soon"
    (bad,) = rejects(read(content, keep_raw=False)[0])
    assert bad.raw is None


def test_missing_times_leave_messages_undated() -> None:
    items, _ = read("id,text,created_at\n1,one,\n2,two,NULL\n3,three,2024-01-01\n")
    assert [item.posted_at is None for item in items if isinstance(item, Message)] == [
        True,
        True,
        False,
    ]


def test_the_order_of_day_and_month_is_told_by_the_column() -> None:
    items, notes = read("text,date\na,03/04/2024\nb,25/04/2024\n")
    times = [item.posted_at for item in items if isinstance(item, Message) and item.posted_at]
    assert [f"{time:%d %B}" for time in times] == ["03 April", "25 April"]
    assert "dates are read as day/month" in notes
    items, notes = read("text,date\na,03/04/2024\nb,05/04/2024\n")
    assert len(rejects(items)) == 2
    assert "cannot tell day from month" in rejects(items)[0].reason
    items, _ = read("text,date\na,03/04/2024\n", day_first=False)
    assert rejects(items) == []


def test_the_csv_spectrum() -> None:
    folder = shared_data("csv-spectrum")
    paths = sorted((folder / "csvs").glob("*.csv"))
    assert len(paths) == 12
    for path in paths:
        if path.stem == "location_coordinates":
            continue  # its expectation is wrong upstream
        expected = json.loads((folder / "json" / f"{path.stem}.json").read_text("utf-8"))
        for place, name in enumerate(expected[0], start=1):
            options = ReadOptions(format="csv", header=True, text_column=str(place))
            with open_messages(path, options) as opened:
                items = list(opened.items)
            found = [item.text if isinstance(item, Message) else "" for item in items]
            # Files with CRLF ends hold CRLF inside their fields; their expectation has them too.
            assert found == [row[name] for row in expected], (path.name, name)


def test_emotion_corpora_come_out_whole() -> None:
    goemotions = shared_data("goemotions") / "train.tsv"
    with open_messages(goemotions, ReadOptions()) as opened:
        found = list(opened.items)
    # 1,097 of its texts are quoted, all by the rules of CSV.
    rows = csv.reader(io.StringIO(goemotions.read_text("utf-8"), newline=""), delimiter="\t")
    assert texts(found) == [row[0] for row in rows]
    assert len(found) == 43_410
    with open_messages(shared_data("meld") / "train_sent_emo.csv", ReadOptions()) as opened:
        assert len(texts(list(opened.items))) == 9989
    for path in shared_data("dair-emotion-split").glob("t*.txt"):
        with open_messages(Path(path), ReadOptions()) as opened:
            whole = path.read_text("utf-8").splitlines()
            assert texts(list(opened.items)) == [line.split(";")[0] for line in whole]


def test_one_bad_time_among_four_rows_does_not_cost_the_header() -> None:
    content = (
        "wann genau,was war\n"
        "2024-01-31 09:00,it was a cold day\n"
        "soon,nobody knows when that was\n"
        "2024-02-01 10:00,we walked home slowly\n"
        "2024-02-02 11:00,the dog was very happy\n"
    )
    items, _ = read(content)
    messages = [item for item in items if isinstance(item, Message)]
    rejects = [item for item in items if isinstance(item, Rejected)]

    assert [message.text for message in messages] == [
        "it was a cold day",
        "we walked home slowly",
        "the dog was very happy",
    ]
    assert [reject.reason for reject in rejects] == ["expected a time, found 'soon'"]


@pytest.mark.parametrize(
    "header",
    [
        "Datum;Autor;Nachricht",
        "Zeitstempel;Benutzername;Kommentar",
        "Date de publication;Auteur;Texte",
        "Horodatage;Utilisateur;Contenu",
        "Fecha;Autor;Mensaje",
        "Fecha y hora;Usuario;Texto",
    ],
)
def test_headers_in_german_french_and_spanish_name_their_columns(header: str) -> None:
    items, _ = read(f"{header}\n31.01.2024;ann;so happy\n;ben;so sad\n")
    messages = [item for item in items if isinstance(item, Message)]

    assert len(messages) == len(items)
    assert [(m.author, m.text) for m in messages] == [("ann", "so happy"), ("ben", "so sad")]
    assert messages[0].posted_at == datetime(2024, 1, 31, tzinfo=UTC)
