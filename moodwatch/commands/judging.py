"""`moodwatch evaluate`, `compare` and `describe`: how good a model is, which is better, what it is.

They need the extra `train`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moodwatch.commands import options
from moodwatch.console import err, out, print_json, print_table
from moodwatch.errors import ExitCode, UserError
from moodwatch.outcome import output_folder
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from records import Emotion
    from training.judging.evaluate import Evaluation, ScoresTexts, TestSet

Data = Annotated[
    list[str],
    typer.Option(
        "--data",
        help="Labelled texts: a folder (dair-emotion-split, goemotions, both of them, or "
        "train/validation/test files), a csv, tsv, jsonl, parquet or txt file (all of it is "
        "judged), or a hub id. Repeatable",
    ),
]
TextColumn = Annotated[str | None, typer.Option(help="Column of the text, where not found by name")]
LabelColumn = Annotated[str | None, typer.Option(help="Column of the label, likewise")]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="NAME=EMOTION",
        help="What a label of the data means, calm=joy; 'calm=' leaves its texts out. Repeatable",
    ),
]


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Train")(evaluate)
    app.command(rich_help_panel="Train")(compare)
    app.command(rich_help_panel="Train")(describe)


def evaluate(
    data: Data,
    models: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[BUNDLE_OR_RUN]...",
            help="Folders of bundles or runs. Default: the shipped one",
        ),
    ] = None,
    bundle: options.Bundle = None,
    against: Annotated[
        Path | None, typer.Option(help="Bundle or run to subtract, on the same texts")
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Folder for charts and a page", file_okay=False)
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    labels: Labels = None,
    among_all: Annotated[
        bool,
        typer.Option("--all-emotions", help="Let emotions that the data lacks be answers, too"),
    ] = False,
    device: options.Device = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap's draws")] = 0,
    as_json: options.Json = False,
) -> None:
    """Judge bundles or runs on labelled texts: accuracy, F1, loss, calibration, by emotion.

    Every figure comes with the middle 95 % of 2,000 bootstrap draws. Several models of one
    recipe (its seeds) also get their mean and deviation; --against gives paired differences.

    [bold]Examples[/]

      moodwatch evaluate --data data --out judged

      moodwatch evaluate bundles/mine --data reviews.csv --label calm=joy

      moodwatch evaluate bundles/int8 --against runs/float --data data --json
    """
    need_training()
    from training.judging.verdict import write_verdict

    folders: list[Path | None] = [*(models or [])] or [bundle]
    place = None if out_dir is None else output_folder(out_dir)
    with told_plainly():
        tests = _test_sets(data, text_column, label_column, parse_labels(labels or []))
        found = [
            one
            for folder in folders
            for one in _judged(load_model(folder, device), tests, among_all, seed)
        ]
        base = []
        if against is not None:
            base = _judged(load_model(against, device), tests, among_all, seed)
        page = None if place is None else write_verdict(found, place)
        _tell(found, base, as_json=as_json, seed=seed)
    if page is not None:
        err.print(f"page: {page}", markup=False)


def compare(
    data: Data,
    out_dir: Annotated[
        Path, typer.Option("--out", help="Folder of runs, rows and the page", file_okay=False)
    ],
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[BUNDLE_OR_RUN]...", help="Finished ones to put beside"),
    ] = None,
    systems: Annotated[
        str, typer.Option(help="Trained here, comma-separated, out of tfidf,ann,lstm,plain,hybrid")
    ] = "tfidf,ann,lstm",
    encoders: Annotated[
        list[str] | None,
        typer.Option(
            "--encoder",
            help="Folder or hub id of the encoder of plain and hybrid; a row for each. Repeatable",
        ),
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Encoder layers of plain and hybrid; default: all, the hybrid over BERT 3"
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Of the networks; default: each system's own")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every training")] = 13,
    published: Annotated[
        bool, typer.Option("--published/--no-published", help="Quote rows of BERT and its like")
    ] = True,
    device: options.Device = None,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads to train with")] = 2,
    as_json: options.Json = False,
) -> None:
    """Train systems on each data set, put finished models beside them, and fill one table.

    Accuracy, loss and F1 by part, parameters, size, training time, messages a second on this
    processor. Finished rows are kept: the same command goes on where it stopped.

    [bold]Examples[/]

      moodwatch compare --data dair-emotion-split --out comparison

      moodwatch compare bundles/mine runs/mine --data data --systems plain,hybrid --layers 6
      --encoder all-MiniLM-L6-v2 --encoder thenlper/gte-small --out comparison
    """
    need_training()
    from moodwatch.judged import compare_systems
    from moodwatch.logs import configure_logs
    from training.judging.tables import as_markdown

    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)  # minutes to hours: say how far it is
    names = [name.strip() for name in systems.split(",") if name.strip()]
    changes = {"seed": seed, "threads": threads} | ({} if epochs is None else {"epochs": epochs})
    with told_plainly():
        existing = [(folder, load_model(folder, device)) for folder in models or []]
        rows, page = compare_systems(
            data,
            output_folder(out_dir),
            systems=names,
            existing=existing,
            encoders=encoders or (),
            layers=layers,
            changes=changes,
            published=published,
        )
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        out.print(as_markdown(rows), markup=False)
    err.print(f"page: {page}", markup=False)


def describe(
    model: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Bundle or run")],
    text: Annotated[str | None, typer.Option(help="Show where the network looks in it")] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Folder for pictures and a page", file_okay=False)
    ] = None,
) -> None:
    """Print the layers of a model; with --out draw them, and where attention looks in a text.

    [bold]Example[/]

      moodwatch describe runs/first --text "not bad at all" --out described
    """
    need_training()
    from moodwatch.judged import describe_model

    if text is not None and out_dir is None:
        raise UserError("an attention map is a picture: name its folder with --out")
    with told_plainly():
        summary, page = describe_model(model, text, output_folder(out_dir) if out_dir else None)
    out.print(summary, markup=False)
    if page is not None:
        err.print(f"page: {page}", markup=False)


def _tell(
    found: Sequence[Evaluation], base: Sequence[Evaluation], *, as_json: bool, seed: int
) -> None:
    from training.judging.evaluate import compare_pair
    from training.judging.verdict import (
        difference_rows,
        emotion_table,
        figure_table,
        notes,
        spread_rows,
    )

    pairs = [
        (one, other, compare_pair(one, other, seed=seed))
        for one in found
        for other in base
        if one.data == other.data
    ]
    if as_json:
        _print_document(found, pairs)
        return
    for one in found:
        n = len(one.answers.truth)
        out.print(f"{one.model} on {one.data}, {n:,} texts. {notes(one)}\n", markup=False)
        print_table(*figure_table(one))
        out.print()
        print_table(*emotion_table(one))
        out.print()
    if rows := spread_rows(found):
        print_table(["test set", "figure", "models", "mean", "deviation"], rows)
    if pairs:
        out.print(f"Less {pairs[0][1].model}, on the same texts:", markup=False)
        shown = [
            row
            for one, _, differences in pairs
            if differences
            for row in difference_rows(one.model, one.data, differences)
        ]
        print_table(["model", "test set", "figure", "difference", "95 %", "p"], shown)


def _print_document(
    found: Sequence[Evaluation],
    pairs: Sequence[tuple[Evaluation, Evaluation, Mapping[str, object] | None]],
) -> None:
    """Print one object a model: test sets by name, as ever; a list of them for several."""
    from training.judging.verdict import spreads

    models: dict[str, dict[str, object]] = {}
    for one in found:
        models.setdefault(one.model, {"model": one.model})[one.data] = one.to_json()
    for one, other, differences in pairs:
        document: dict[str, object] = {"model": other.model}
        for name, difference in (differences or {}).items():
            document[name] = difference.to_json()  # type: ignore[attr-defined]
        against = models[one.model].setdefault("against", {})
        against[one.data] = document  # type: ignore[index]
    documents = list(models.values())
    if len(documents) == 1:
        print_json(documents[0])
    else:
        print_json({"models": documents, "spread": spreads(found)})


def load_model(folder: Path | None, device: str | None) -> ScoresTexts:
    """Load a bundle (None: the shipped or the configured one) or a run as a scorer."""
    from moodwatch.scorers import load_scorer

    settings = load_settings(bundle=folder, device=device)
    if folder is not None and (folder / "network.json").exists():
        need_training()
        from training.judging.scorers import RunScorer
        from training.machine import pick_device

        with told_plainly():
            return RunScorer.load(folder, device=str(pick_device(settings.device)))
    return load_scorer(settings)


def parse_labels(pairs: Sequence[str]) -> dict[str, Emotion | None]:
    """Read NAME=EMOTION pairs; nothing behind the sign leaves the label's texts out."""
    from records import EMOTIONS

    known = {str(emotion): emotion for emotion in EMOTIONS}
    found: dict[str, Emotion | None] = {}
    for pair in pairs:
        name, sign, emotion = pair.partition("=")
        if not sign or not name or (emotion and emotion not in known):
            raise UserError(
                f"expected --label NAME=EMOTION with one of {', '.join(EMOTIONS)}, found {pair!r}"
            )
        found[name] = known[emotion] if emotion else None
    return found


def _test_sets(
    data: Sequence[str],
    text_column: str | None,
    label_column: str | None,
    label_map: Mapping[str, Emotion | None],
) -> list[TestSet]:
    from training.judging.evaluate import load_test_sets
    from training.sources import load_several

    def load(spec: str, its_map: Mapping[str, Emotion | None] | None) -> list[TestSet]:
        return load_test_sets(
            spec, text_column=text_column, label_column=label_column, label_map=its_map
        )

    return load_several(data, load, label_map)


def _judged(
    scorer: ScoresTexts, tests: Sequence[TestSet], among_all: bool, seed: int
) -> list[Evaluation]:
    from training.judging.evaluate import evaluate_on

    return [evaluate_on(scorer, test, among_all=among_all, seed=seed) for test in tests]


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what the room of training says of a user's files into a line."""
    from training.config import TrainError
    from training.data import DataError

    try:
        yield
    except (DataError, TrainError) as error:
        raise UserError(str(error), ExitCode.INPUT) from None


def need_training() -> None:
    """Say how to get the extra where it is not installed."""
    if any(find_spec(name) is None for name in ("torch", "sklearn", "datasets", "torchinfo")):
        raise UserError("judging a model needs more packages: pip install '.[train]'")
