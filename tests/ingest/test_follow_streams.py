"""Streams that wait: complete lines only, and the right end for each way a file can go."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import growing
from ingest.growing import GrowingFile, LivePipe, LiveStream

POLL_S = 0.01


class Reader:
    """Reads a stream to its end in a thread, as a tail does."""

    def __init__(self, stream: LiveStream) -> None:
        self.stream = stream
        self.data = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while block := self.stream.read(1 << 16):
            self.data += block

    def wait_for(self, data: bytes) -> None:
        deadline = time.monotonic() + 5
        while self.data != data and time.monotonic() < deadline:
            time.sleep(POLL_S)
        assert self.data == data

    def wait_for_end(self) -> None:
        self._thread.join(5)
        assert not self._thread.is_alive()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "chat.log"
    path.write_bytes(b"one\ntwo\n")
    return path


@pytest.fixture
def reader(log: Path) -> Iterator[Reader]:
    with GrowingFile(log, poll_s=POLL_S, grace_s=0.1) as stream:
        reader = Reader(stream)
        yield reader
        stream.stop()
        reader.wait_for_end()


def test_added_lines_come_and_a_partial_one_waits_for_its_end(log: Path, reader: Reader) -> None:
    reader.wait_for(b"one\ntwo\n")
    append(log, b"thr")
    time.sleep(0.1)
    reader.wait_for(b"one\ntwo\n")
    append(log, b"ee\nfo")
    reader.wait_for(b"one\ntwo\nthree\n")


def test_position_is_of_what_was_handed_out(log: Path, reader: Reader) -> None:
    append(log, b"half a li")
    reader.wait_for(b"one\ntwo\n")
    assert reader.stream.position() == (8, hashlib.sha256(b"one\ntwo\n").hexdigest())
    assert isinstance(reader.stream, GrowingFile)
    assert reader.stream.begins_with(*reader.stream.position())
    assert not reader.stream.begins_with(8, hashlib.sha256(b"one\nTWO\n").hexdigest())
    assert not reader.stream.begins_with(1000, reader.stream.position()[1])


def test_stopped_stream_ends_before_the_partial_line(log: Path, reader: Reader) -> None:
    append(log, b"half a li")
    reader.wait_for(b"one\ntwo\n")
    reader.stream.stop()
    reader.wait_for_end()
    assert reader.stream.end == "stopped"
    assert reader.data == b"one\ntwo\n"


def test_renamed_file_is_read_on_until_its_successor_is_written_to(
    log: Path, reader: Reader
) -> None:
    reader.wait_for(b"one\ntwo\n")
    old = log.rename(log.with_name("chat.log.1"))
    log.touch()
    time.sleep(0.3)
    append(old, b"late\nand without end")
    reader.wait_for(b"one\ntwo\nlate\n")
    append(log, b"new\n")
    reader.wait_for_end()
    assert reader.stream.end == "finished"
    assert reader.data == b"one\ntwo\nlate\nand without end"


def test_deleted_file_ends_when_it_was_quiet_for_long(
    log: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "DELETED_GRACE_S", 0.2)
    reader.wait_for(b"one\ntwo\n")
    log.unlink()
    reader.wait_for_end()
    assert reader.stream.end == "finished"


def test_truncated_file_ends(log: Path, reader: Reader) -> None:
    reader.wait_for(b"one\ntwo\n")
    os.truncate(log, 4)
    reader.wait_for_end()
    assert reader.stream.end == "truncated"


@pytest.mark.parametrize("text", [b"another text, longer\n", b"one\nTWO\n", b"one\nTWO\nthree\n"])
def test_rewritten_file_counts_as_truncated(log: Path, reader: Reader, text: bytes) -> None:
    reader.wait_for(b"one\ntwo\n")
    time.sleep(5 * POLL_S)
    with log.open("r+b") as file:
        file.write(text)
    reader.wait_for_end()
    assert reader.stream.end == "truncated"
    assert reader.data == b"one\ntwo\n"


def test_complete_file_ends_with_its_last_line(log: Path) -> None:
    append(log, b"without end")
    with GrowingFile(log, is_complete=True) as stream:
        assert stream.readall() == b"one\ntwo\nwithout end"
        assert stream.end == "finished"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_lines_end_where_their_encoding_says(tmp_path: Path, encoding: str) -> None:
    # U+0A0D and U+0D0A hold the bytes of line ends at other places.
    text = "eins\nਊ zwei ഍ਊ\n"
    path = tmp_path / "wide.log"
    path.write_bytes((text + "drei").encode(encoding))
    with GrowingFile(path, poll_s=POLL_S) as stream:
        reader = Reader(stream)
        reader.wait_for(text.encode(encoding))
        stream.stop()
        reader.wait_for_end()


def test_endless_line_is_handed_out_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "MAX_LINE_BYTES", 100)
    path = tmp_path / "one.json"
    path.write_bytes(b"x" * 101)
    with GrowingFile(path, poll_s=POLL_S) as stream:
        reader = Reader(stream)
        reader.wait_for(b"x" * 101)
        stream.stop()
        reader.wait_for_end()


@given(pieces=st.lists(st.binary(max_size=20) | st.just(b"\n"), max_size=20))
@settings(max_examples=25, deadline=None)
def test_pipe_hands_out_all_that_was_written(pieces: list[bytes]) -> None:
    read_end, write_end = os.pipe()
    try:
        with LivePipe(read_end, poll_s=POLL_S) as stream:
            reader = Reader(stream)
            for piece in pieces:
                os.write(write_end, piece)
            os.close(write_end)
            reader.wait_for_end()
            assert reader.data == b"".join(pieces)
            assert stream.end == "finished"
    finally:
        os.close(read_end)


def test_silent_pipe_can_be_stopped() -> None:
    read_end, write_end = os.pipe()
    with LivePipe(read_end, poll_s=POLL_S) as stream:
        reader = Reader(stream)
        os.write(write_end, b"line\nhalf")
        reader.wait_for(b"line\n")
        stream.stop()
        reader.wait_for_end()
        assert stream.end == "stopped"
    os.close(read_end)
    os.close(write_end)


def test_silent_pipe_ends_when_cancelled() -> None:
    read_end, write_end = os.pipe()
    cancelled = threading.Event()
    with LivePipe(read_end, poll_s=POLL_S, cancelled=cancelled.is_set) as stream:
        reader = Reader(stream)
        os.write(write_end, b"line\n")
        reader.wait_for(b"line\n")
        cancelled.set()
        reader.wait_for_end()
    os.close(read_end)
    os.close(write_end)
