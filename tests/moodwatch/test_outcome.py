"""What a run says at its end about the rows it read."""

from __future__ import annotations

import pytest

from moodwatch.outcome import print_counts
from records import IngestCounts


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, ""),
        (1, "note: 1 row was rejected: 'moodwatch rejects' says why\n"),
        (1200, "note: 1,200 rows were rejected: 'moodwatch rejects' says why\n"),
    ],
)
def test_rejects_are_pointed_out(n: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_counts(IngestCounts(read=2000, stored=2000 - n, rejected=n))
    told = capsys.readouterr()
    assert told.out.startswith(f"read 2,000 = stored {2000 - n:,} + duplicate 0 + rejected {n:,} ")
    assert told.err == said
