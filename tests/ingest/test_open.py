"""Opening: real files come out whole, whatever they are wrapped in."""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import lzma
import random
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

import pytest
import zstandard

from ingest.open import Opened, ReadError, ReadOptions, expand, open_messages, prefix_hash_of
from records import Message, Rejected
from tests.support.paths import shared_data

POSTS = (
    "id,author,created_at,text\n"
    "1,ada,2024-01-31T09:00:00Z,a fine morning\n"
    '2,bob,2024-01-31 10:00:00,"two\nlines, and ""quotes"""\n'
    "3,,,no name no time\n"
)


def read(
    content: bytes, options: ReadOptions | None = None, *, name: str = "posts.csv"
) -> tuple[Opened, list[Message | Rejected]]:
    with open_messages(Path(name), options or ReadOptions(), stream=io.BytesIO(content)) as opened:
        return opened, list(opened.items)


def messages(content: bytes, options: ReadOptions | None = None) -> list[Message]:
    return [item for item in read(content, options)[1] if isinstance(item, Message)]


def test_the_airline_tweets_are_read_without_a_flag() -> None:
    with open_messages(shared_data("twitter-us-airline") / "Tweets.csv", ReadOptions()) as opened:
        items = list(opened.items)
    found = [item for item in items if isinstance(item, Message)]
    assert len(items) == len(found) == 14_640
    assert len({item.external_id for item in found}) == 14_485
    assert len({item.author for item in found}) == 7701
    assert all(item.posted_at is not None for item in found)
    assert found[0].posted_at is not None
    assert found[0].posted_at.isoformat() == "2015-02-24T19:35:52+00:00"
    assert sum("\n" in item.text for item in found) == 138
    assert opened.source == "Tweets"
    assert opened.format == "csv"
    assert opened.bytes_read == opened.size_bytes == 3_421_420


def test_bytes_that_break_utf8_after_a_megabyte_and_no_header() -> None:
    path = next(shared_data("sentiment140-sample").glob("*.csv"))
    with open_messages(path, ReadOptions()) as opened:
        found = [item for item in opened.items if isinstance(item, Message)]
    # Its foreign bytes are UTF-8 in which a conversion put '?' for some: not Latin-1 after all.
    whole = path.read_bytes().decode("utf-8", "replace")
    rows = list(csv.reader(io.StringIO(whole, newline="")))
    assert len(found) == len(rows) == 20_001
    assert [item.text for item in found] == [row[5] for row in rows]
    assert [item.author for item in found] == [row[4] for row in rows]
    assert [item.external_id for item in found] == [row[1] for row in rows]
    assert "11 lines are damaged utf-8: what could not be read became U+FFFD" in opened.notes
    assert any("no header row" in note for note in opened.notes)


@pytest.mark.parametrize(
    ("pack", "ending", "compression"),
    [
        (gzip.compress, ".gz", "gzip"),
        (bz2.compress, ".bz2", "bzip2"),
        (lzma.compress, ".xz", "xz"),
        (zstandard.ZstdCompressor().compress, ".zst", "zstd"),
    ],
)
def test_compressed_files_read_like_plain_ones(
    tmp_path: Path, pack: object, ending: str, compression: str
) -> None:
    assert callable(pack)
    half = len(POSTS) // 2
    path = tmp_path / f"posts.csv{ending}"
    # Two frames one after the other, as parallel compressors and `cat a.gz b.gz` write them.
    path.write_bytes(pack(POSTS[:half].encode()) + pack(POSTS[half:].encode()))
    with open_messages(path, ReadOptions()) as opened:
        assert list(opened.items) == messages(POSTS.encode())
    assert (opened.compression, opened.source) == (compression, "posts")
    assert opened.bytes_read == opened.size_bytes == path.stat().st_size


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress]
)
def test_a_cut_compressed_file_gives_what_it_has_and_one_reject(pack: object) -> None:
    assert callable(pack)
    many = "text,id\n" + "".join(f"message number {n} {n * n % 9973},{n}\n" for n in range(60_000))
    packed = pack(many.encode())
    _, items = read(packed[: len(packed) // 2])
    assert len(items) > 1000
    assert isinstance(items[-1], Rejected)
    assert items[-1].reason == "the compressed file ends too early"
    assert sum(isinstance(item, Rejected) for item in items) <= 2  # the half row before it


def test_a_zstd_file_of_a_two_gigabyte_window_is_read() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert len(messages(packer.compress(POSTS.encode()) + packer.flush())) == 3


def test_latin1_after_a_megabyte_is_read_right() -> None:
    text = "text,n\n" + "plain words,1\n" * 100_000 + "déjà vu à la façade,2\n"
    opened, items = read(text.encode("latin-1"))
    assert isinstance(items[-1], Message)
    assert items[-1].text == "déjà vu à la façade"
    assert "1 line is not utf-8, read as windows-1252 (--encoding changes it)" in opened.notes


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp1252"],
)
def test_encodings_are_told_from_the_bytes(encoding: str) -> None:
    text = "text,author\n" + "Käse für zwei Euro schön,zoë\n" * 20
    found = messages(text.encode(encoding))
    assert [(item.text, item.author) for item in found] == [
        ("Käse für zwei Euro schön", "zoë")
    ] * 20


def test_dense_foreign_letters_are_read_in_their_own_encoding() -> None:
    line = "сегодня утром мы пошли гулять в парк и было очень хорошо"
    lines = [line, "потом пришли домой и долго пили чай", "мне грустно без тебя"]
    text = "text;author\n" + "".join(f"{line};ivan\n" for line in lines)
    assert [item.text for item in messages(text.encode("koi8-r"))] == lines


def test_one_damaged_character_costs_one_character() -> None:
    found = messages("text\nnaïve café ".encode() + b"\xe2\x82" + " déjà\n".encode())
    assert found[0].text == "naïve café \ufffd déjà"


def test_a_forced_encoding_is_obeyed() -> None:
    content = "text\ngrüße\n".encode("cp850")
    assert messages(content, ReadOptions(encoding="cp850"))[0].text == "grüße"
    with pytest.raises(ReadError, match="--encoding"):
        read(content, ReadOptions(encoding="klingon"))


def test_positions_are_bytes_of_the_decompressed_file() -> None:
    text = 'text,n\r\nschön,1\r\n"zwei\r\nZeilen",2,3\r\ngut,4\r\n,5\r\n'
    for encoding, width in (("utf-8", 1), ("utf-16-le", 2)):
        content = text.encode(encoding)
        bad = [x for x in read(gzip.compress(content))[1] if isinstance(x, Rejected)]
        assert [item.row for item in bad] == [2, 4]
        for item, start in zip(bad, ('"zwei', ",5"), strict=True):
            assert item.position is not None
            assert content[item.position :].startswith(start.encode(encoding)), width


def test_standard_input_is_read_without_seeking() -> None:
    class Pipe(io.RawIOBase):
        """Hands over seven bytes at a time, as a slow pipe does."""

        def __init__(self) -> None:
            self._content = io.BytesIO(POSTS.encode())

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1, /) -> bytes:
            return self._content.read(min(size, 7))

    with open_messages(None, ReadOptions(), stream=cast(BinaryIO, Pipe())) as opened:
        items = list(opened.items)
    assert len(items) == 3
    assert (opened.source, opened.size_bytes) == ("stdin", None)
    assert opened.bytes_read == len(POSTS.encode())


def test_the_prefix_hash_is_that_of_the_bytes_read(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv.gz"
    path.write_bytes(gzip.compress(POSTS.encode()))
    with open_messages(path, ReadOptions()) as opened:
        next(opened.items)
        assert opened.prefix_hash() == prefix_hash_of(path, opened.bytes_read)
    assert (
        opened.prefix_hash() == hashlib.sha256(path.read_bytes()[: opened.bytes_read]).hexdigest()
    )


def test_empty_files_hold_no_rows() -> None:
    for content in (b"", b"\n\n", b"\xef\xbb\xbf", "\n".encode("utf-16")):
        assert read(content)[1] == []


def test_binary_files_are_named_and_refused() -> None:
    with pytest.raises(ReadError, match="zip archive or spreadsheet"):
        read(b"PK\x03\x04 and so on", name="posts.xlsx")


def test_missing_files_are_an_error_of_the_user() -> None:
    with pytest.raises(ReadError, match=r"gone\.csv: cannot be opened"):
        open_messages(Path("gone.csv"), ReadOptions())


def test_a_directory_gives_its_files_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a/2.csv", "a/1.csv", ".hidden.csv", ".git/c.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    names = [path.relative_to(tmp_path).as_posix() for path in expand(tmp_path)]
    assert names == ["a/1.csv", "a/2.csv", "b.csv"]
    assert expand(tmp_path / "b.csv") == [tmp_path / "b.csv"]


def test_a_live_stream_is_not_waited_for() -> None:
    class Tail(io.RawIOBase):
        """Fails the test if more is asked for than two lines are there."""

        def __init__(self) -> None:
            self.lines = [b"when,what was said\n", b"2024-01-31,a fine day\n"]
            self.rest = b""

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1, /) -> bytes:
            assert self.lines or self.rest, "waited for a third line"
            self.rest = self.rest or self.lines.pop(0)
            block, self.rest = self.rest[:size], self.rest[size:]
            return block

    with open_messages(None, ReadOptions(), stream=cast(BinaryIO, Tail()), live=True) as opened:
        first = next(opened.items)
    assert isinstance(first, Message)
    assert first.text == "a fine day"


def test_what_is_no_journal_is_told(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# A project\n\nIt does this, and that.\n")
    with pytest.raises(ReadError, match="cannot tell the format"):
        open_messages(path, ReadOptions())
    path.write_text("One, two\nthree, four\nfive, six\nseven, eight\n")
    with pytest.raises(ReadError, match="cannot tell the format"):
        open_messages(path, ReadOptions())
    path.write_text("# A diary\n\n## 2024-01-31\n\nIt was cold.\n")
    with open_messages(path, ReadOptions()) as opened:
        assert len(list(opened.items)) == 1


SAMPLES = (
    POSTS,
    '{"id": 1, "body": "a text", "created_utc": 1138751932}\n' * 5,
    '{"entries": [{"text": "one", "creationDate": "2020-03-23T00:00:00Z"}, {"text": "two"}]}',
    "[2024-01-31 09:00] A walk\nand more\n\n[2024-02-01 10:00] Home\n",
    "---\ndate: 2024-01-31\n---\n## 2024-02-01\n\nwords\n",
    '<?xml version="1.0"?><rss><channel><item><title>a</title></item></channel></rss>',
    '<plist version="1.0"><dict><key>Entry Text</key><string>words</string></dict></plist>',
)
FRAGMENTS = (
    b'"',
    b"\n",
    b"\r",
    b"\0",
    b"\xff\xfe",
    b"{",
    b"]",
    b",",
    b"\\",
    b"<!ENTITY a 'b'>",
    b"&a;",
)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_end_in_numbered_rows_or_an_error_that_can_be_mended(seed: int) -> None:
    chance = random.Random(seed)
    n_rows = 0
    for _ in range(150):
        content = bytearray(chance.choice(SAMPLES).encode())
        for _ in range(chance.choice([1, 2, 5, 30])):
            place = chance.randrange(len(content) + 1)
            if chance.random() < 0.5:
                content[place:place] = chance.choice(FRAGMENTS)
            else:
                content[place : place + chance.randrange(12)] = bytes([chance.randrange(256)])
        form = chance.choice([None, "csv", "jsonl", "json", "journal", "feed"])
        items: list[Message | Rejected] = []
        with suppress(ReadError):
            items = read(bytes(content), ReadOptions(format=form), name="posts")[1]
        for row, item in enumerate(items, start=1):
            n_rows += 1
            assert getattr(item, "row", row) == row
            if isinstance(item, Message):  # what every database can hold
                assert "\0" not in item.text + item.external_id + (item.author or "")
                assert item.text.encode()
    assert n_rows > 50
