"""How a file is to be read: what the user may say about it, all of it optional.

Apart from `ingest.open` so that readers can import it; everyone else takes it from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Format = Literal["csv", "tsv", "jsonl", "json", "feed", "journal", "whatsapp"]
FORMATS: Final[tuple[Format, ...]] = (
    "csv", "tsv", "jsonl", "json", "feed", "journal", "whatsapp",
)  # fmt: skip

#: The longest record (line, CSV row, journal entry) held in memory, in bytes.
MAX_RECORD_BYTES: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user says about a file; None means: find out.

    A column is a name, a dotted path into nested JSON, or a number counted from 1.
    """

    #: Where the messages come from; None = the file's stem.
    source: str | None = None
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    #: Whether the first row of a delimited file holds column names.
    header: bool | None = None
    text_column: str | None = None
    time_column: str | None = None
    author_column: str | None = None
    id_column: str | None = None
    source_column: str | None = None
    thread_column: str | None = None
    #: IANA name for times that carry no zone; None = UTC.
    time_zone: str | None = None
    #: Whether 03/04/2024 is 3 April; None = told from the column's other values.
    day_first: bool | None = None
    #: Applied by ingest.chunks, not by the readers.
    undated: Literal["keep", "reject", "now"] = "keep"
    #: Whether rejects keep the row as read.
    keep_raw: bool = True
