"""Memory: flat whatever the length of the input, and out of reach of what is packed into it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import REPOSITORY

#: Reads a generated stream in a process of its own and prints (messages, peak memory in MiB).
PROGRAM = """
import io, resource, sys
from itertools import chain, islice
from ingest.open import ReadOptions, open_messages
from records import Message

kind, n_rows = sys.argv[1], int(sys.argv[2])
rows = {
    "csv": lambda n: b'%d,user%d,2024-01-31,"the text of message %d, quoted"\\n' % (n, n % 977, n),
    "jsonl": lambda n: b'{"id":%d,"created_utc":%d,"body":"the text"}\\n' % (n, 1700000000 + n),
    "json": lambda n: b'%s{"id":%d,"body":"the text %d"}' % (b",\\n" if n else b"[", n, n),
    "journal": lambda n: b"[2024-01-31 09:%02d] Title\\nand body\\n\\n" % (n % 60),
}
head = {"csv": b"id,author,created_at,text\\n"}.get(kind, b"")
tail = {"json": b"]"}.get(kind, b"")

class Endless(io.RawIOBase):
    def __init__(self):
        self.blocks = chain([head], map(rows[kind], range(n_rows)), [tail])
        self.rest = b""
    def read(self, size=-1):
        while len(self.rest) < size and (more := b"".join(islice(self.blocks, 500))):
            self.rest += more
        block, self.rest = self.rest[:size], self.rest[size:]
        return block

n_messages = 0
with open_messages(None, ReadOptions(), stream=Endless()) as opened:
    assert opened.format == kind, opened.format
    for item in opened.items:
        n_messages += isinstance(item, Message)
print(n_messages, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""

BOMB = """
import bz2, gzip, io, resource, zstandard
from ingest.open import ReadOptions, open_messages

line = b"x" * (1 << 20)
gzipped = io.BytesIO()
with gzip.open(gzipped, "wb", 1) as file:
    for _ in range(100):
        file.write(line)
packer = zstandard.ZstdCompressor().compressobj()
zstd = b"".join(packer.compress(line) for _ in range(100)) + packer.flush()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
n_items = 0
for packed in (gzipped.getvalue(), zstd):
    for form in ("csv", "jsonl", "journal", "json", "feed"):
        column = "1" if form == "csv" else None
        options = ReadOptions(format=form, keep_raw=False, text_column=column)
        with open_messages(None, options, stream=io.BytesIO(packed)) as opened:
            n_items += sum(1 for _ in opened.items)
print(n_items, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - before)
"""


def run(program: str, *arguments: str) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.split()
    return int(first), int(second)


@pytest.mark.parametrize(
    ("kind", "n_rows"),
    [("csv", 1_000_000), ("jsonl", 50_000), ("json", 50_000), ("journal", 50_000)],
)
def test_memory_does_not_grow_with_the_input(kind: str, n_rows: int) -> None:
    n_few, few_mib = run(PROGRAM, kind, "1000")
    n_many, many_mib = run(PROGRAM, kind, str(n_rows))
    assert (n_few, n_many) == (1000, n_rows)
    assert many_mib - few_mib < 12, (few_mib, many_mib)


def test_a_line_of_100_megabytes_takes_a_bounded_part_of_memory() -> None:
    n_items, grown_mib = run(BOMB)
    assert n_items >= 8
    assert grown_mib < 220
