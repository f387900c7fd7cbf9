"""Natural keys: the same file gives the same keys, whatever else changed around it."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.keys import MAX_ID_LENGTH, NaturalKeys, OccurrenceCounter, pseudonym
from records import Message

SALT = b"sixteen bytes or more"
NOON = datetime(1665, 9, 2, 12, tzinfo=UTC)
ROW = Message("diary", "", None, "Pepys", NOON, "up betimes")


def ids_of(messages: list[Message]) -> list[str]:
    with NaturalKeys(SALT) as keys:
        return [keys.identify(message).external_id for message in messages]


def test_pseudonym_is_the_first_32_hex_digits_of_hmac_sha256() -> None:
    expected = hmac.new(SALT, "Zoë".encode(), hashlib.sha256).hexdigest()[:32]
    assert pseudonym("Zoë", SALT) == expected
    assert pseudonym("Zoë", b"another salt of 16") != expected


def test_author_is_replaced_and_no_author_stays_none() -> None:
    with NaturalKeys(SALT) as keys:
        assert keys.identify(ROW).author == pseudonym("Pepys", SALT)
        assert keys.identify(replace(ROW, author=None)).author is None
        assert keys.identify(replace(ROW, author="")).author is None


def test_id_of_the_file_is_kept_as_it_is() -> None:
    assert ids_of([replace(ROW, external_id="0042")] * 2) == ["0042", "0042"]


def test_id_longer_than_the_limit_is_hashed() -> None:
    longest, too_long = "x" * MAX_ID_LENGTH, "x" * (MAX_ID_LENGTH + 1)
    kept, hashed = ids_of([replace(ROW, external_id=longest), replace(ROW, external_id=too_long)])
    assert kept == longest
    assert hashed == "sha256-" + hashlib.sha256(too_long.encode()).hexdigest()


def test_equal_rows_are_told_apart_by_their_ordinal() -> None:
    first, other, second, third = ids_of([ROW, replace(ROW, text="to bed"), ROW, ROW])
    stem = first.removesuffix("-1")
    assert (second, third) == (f"{stem}-2", f"{stem}-3")
    assert other.endswith("-1")
    assert not other.startswith(stem)


def test_every_part_of_the_key_counts() -> None:
    variants = [
        ROW,
        replace(ROW, source="letters"),
        replace(ROW, author="Mr Pepys"),
        replace(ROW, author=None),
        replace(ROW, posted_at=None),
        replace(ROW, posted_at=NOON.replace(microsecond=1)),
        replace(ROW, text="up betimes "),
        # The frontier between two fields must not be movable.
        replace(ROW, author="Pepysu", text="p betimes"),
    ]
    assert len({key.rsplit("-", 1)[0] for key in ids_of(variants)}) == len(variants)


def test_thread_and_language_are_no_part_of_the_key() -> None:
    one, two = ids_of([ROW, replace(ROW, thread="t1", language="en")])
    assert two == one.removesuffix("-1") + "-2"


def test_another_salt_gives_other_keys() -> None:
    with NaturalKeys(b"another salt of 16") as keys:
        assert keys.identify(ROW).external_id not in ids_of([ROW])


@given(
    texts=st.lists(st.sampled_from(["a", "b", "c"]), max_size=30),
    newer=st.lists(st.sampled_from(["a", "b", "d"]), max_size=10),
)
@settings(max_examples=50, deadline=None)
def test_grown_newest_first_export_has_every_old_key_and_one_key_a_row(
    texts: list[str], newer: list[str]
) -> None:
    old = ids_of([replace(ROW, text=text) for text in texts])
    grown = ids_of([replace(ROW, text=text) for text in newer + texts])
    assert set(old) <= set(grown)
    assert len(set(grown)) == len(newer) + len(texts)


@given(st.lists(st.binary(min_size=16, max_size=16) | st.sampled_from([b"x" * 16, b"y" * 16])))
@settings(max_examples=50, deadline=None)
def test_occurrences_equal_a_count_in_memory(digests: list[bytes]) -> None:
    seen: Counter[bytes] = Counter()
    counter = OccurrenceCounter()
    for digest in digests:
        seen[digest] += 1
        assert counter.count(digest) == seen[digest]
    counter.close()


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files in /proc")
def test_rows_with_ids_open_no_counter_file() -> None:
    before = os.listdir("/proc/self/fd")
    with NaturalKeys(SALT) as keys:
        keys.identify(replace(ROW, external_id="1"))
        assert len(os.listdir("/proc/self/fd")) == len(before)


def test_memory_of_the_counter_is_flat() -> None:
    """200,000 digests need 7 MB and more; with a cache of 1 MiB the process must not grow so."""
    code = (
        "import os, resource\n"
        "from ingest.keys import OccurrenceCounter\n"
        "c = OccurrenceCounter(cache_kib=1024)\n"
        "def count(n):\n"
        "    for _ in range(n): c.count(os.urandom(16))\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "base = count(20_000)\n"
        "print(count(200_000) - base)\n"
    )
    grown = int(
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    )
    kib = grown / 1024 if sys.platform == "darwin" else grown
    assert kib < 2_500, f"grew by {kib} KiB"
