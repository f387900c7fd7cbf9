"""Query results as CSV and Parquet, row by row: no result is ever held whole."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from reporting.formulas import neutral_cell

#: Rows in one Parquet row group; a few MB in memory.
ROW_GROUP = 50_000


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows to standard output."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([neutral_cell(value) for value in row])


def write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write rows to a Parquet file that appears only when it is whole; return how many.

    Column types are those of the first row group; a column all NULL there becomes text.
    """
    import pyarrow as pa
    from pyarrow import parquet

    draft = path.with_name(f".{path.name}.draft")
    n_rows = 0
    groups = _groups(rows)
    first = next(groups, [])
    table = _to_table(columns, first, None)
    schema = pa.schema(
        [
            field.with_type(pa.string()) if pa.types.is_null(field.type) else field
            for field in table.schema
        ]
    )
    try:
        with parquet.ParquetWriter(draft, schema) as writer:
            for group in chain([first], groups):
                writer.write_table(_to_table(columns, group, schema))
                n_rows += len(group)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return n_rows


def _groups(rows: Iterable[Sequence[object]]) -> Iterator[list[Sequence[object]]]:
    iterator = iter(rows)
    while group := list(islice(iterator, ROW_GROUP)):
        yield group


def _to_table(columns: Sequence[str], rows: Sequence[Sequence[object]], schema: Any) -> Any:
    import pyarrow as pa

    values = [[row[i] for row in rows] for i in range(len(columns))]
    if schema is None:
        return pa.table(dict(zip(columns, map(pa.array, values), strict=True)))
    return pa.table(values, schema=schema)
