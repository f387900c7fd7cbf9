from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyarrow import parquet

from moodwatch.exports import ROW_GROUP, write_csv, write_parquet


def test_cells_that_a_spreadsheet_would_run_are_neutralised(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_csv(["a", "b"], [("=1+1", 1.5), ("@cmd", -2), ("fine", None)])
    assert capsys.readouterr().out.splitlines() == ["a,b", "'=1+1,1.5", "'@cmd,-2", "fine,"]


def test_parquet_keeps_types_across_row_groups_and_empty_columns(tmp_path: Path) -> None:
    moment = datetime(1660, 1, 11, tzinfo=UTC)

    def rows() -> Iterator[tuple[object, ...]]:
        for i in range(ROW_GROUP + 1):
            yield i, None if i < ROW_GROUP else "late", moment

    path = tmp_path / "out.parquet"
    assert write_parquet(path, ["n", "word", "at"], rows()) == ROW_GROUP + 1
    table = parquet.read_table(path)
    assert table.num_rows == ROW_GROUP + 1
    assert table.column("word")[ROW_GROUP].as_py() == "late"
    assert table.column("at")[0].as_py() == moment


def test_no_rows_make_an_empty_file_with_columns(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    assert write_parquet(path, ["n"], []) == 0
    assert parquet.read_table(path).column_names == ["n"]


def test_a_failed_export_leaves_no_file_behind(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[object, ...]]:
        yield (1,)
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        write_parquet(tmp_path / "out.parquet", ["n"], rows())
    assert list(tmp_path.iterdir()) == []
