"""`moodwatch explore`: what a labelled data set holds. Needs the extra `train`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from moodwatch.commands import options
from moodwatch.commands.judging import (
    Data,
    LabelColumn,
    Labels,
    TextColumn,
    need_training,
    parse_labels,
    told_plainly,
)
from moodwatch.console import err, out, print_json, print_table
from moodwatch.outcome import output_folder


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Train")(explore)


def explore(
    data: Data,
    out_dir: Annotated[
        Path, typer.Option("--out", help="Folder for the page and its pictures", file_okay=False)
    ] = Path("exploration"),
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    labels: Labels = None,
    seed: Annotated[int, typer.Option(help="Of the split, where the data brings none")] = 13,
    as_json: options.Json = False,
) -> None:
    """Look at labelled texts before training: balance, lengths, vocabulary, conflicts.

    Writes one page and its charts as PNG files, a word cloud among them.

    [bold]Examples[/]

      moodwatch explore --data data --out exploration

      moodwatch explore --data dair-ai/emotion --json

      moodwatch explore --data reviews.csv --text-column body --label calm=joy
    """
    need_training()
    from training.exploring.explore import explore as count
    from training.exploring.page import notes, part_table, write_exploration
    from training.sources import load_corpora, load_several

    place = output_folder(out_dir)
    with told_plainly():
        corpora = load_several(
            data,
            lambda spec, its_map: load_corpora(
                spec,
                text_column=text_column,
                label_column=label_column,
                label_map=its_map,
                seed=seed,
                keep_overlap=True,
            ),
            parse_labels(labels or []),
        )
        found = [count(corpus) for corpus in corpora]
        page = write_exploration(found, place)
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            out.print(f"{one.name}: {' '.join(notes(one))}", markup=False)
            print_table(*part_table(one))
    err.print(f"page: {page}", markup=False)
