"""`moodwatch dialogue`: a model that reads an utterance in its conversation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from moodwatch.commands import options
from moodwatch.console import out, print_facts, print_json, print_table
from moodwatch.errors import ExitCode, UserError
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from training.dialogue.corpus import DialogueCorpus
    from training.dialogue.run import DialogueRun
    from training.dialogue.thread import Labelled

dialogue = typer.Typer(
    help="""Train, judge and use a model that reads an utterance in its conversation.

    [bold]Example[/]

      moodwatch dialogue train --data meld --encoder all-MiniLM-L6-v2 --out runs/meld
    """,
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Data = Annotated[
    str,
    typer.Option(
        "--data",
        metavar="PATH|ID",
        help="MELD's or EmoryNLP's folder, IEMOCAP's tables, a CSV of utterances, or a hub id",
    ),
]
LayoutOption = Annotated[
    str,
    typer.Option("--layout", metavar="auto|meld|emorynlp|iemocap|table", help="What --data holds"),
]
TestSession = Annotated[
    str | None,
    typer.Option("--test-session", metavar="1-5", help="IEMOCAP: leave this session out as test"),
]
Run = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of a dialogue run")]
#: What the tables print of an utterance, characters.
TEXT_WIDTH = 60


def register(app: typer.Typer) -> None:
    app.add_typer(dialogue, name="dialogue", rich_help_panel="Train")


@dialogue.command()
def train(
    data: Data,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder of the run", file_okay=False)],
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="PATH|ID",
            help="Transformer (folder or hub id) or a bundle. Default: words and a BiLSTM",
        ),
    ] = None,
    trained_layers: Annotated[
        int | None,
        typer.Option("--trained-layers", min=0, help="Encoder layers that learn. Default: all"),
    ] = None,
    past_only: Annotated[
        bool,
        typer.Option("--past-only", help="Read the last ten messages only, as the stream does"),
    ] = False,
    no_context: Annotated[
        bool, typer.Option("--no-context", help="Switch the context off, to see what it brings")
    ] = False,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the dialogues")] = 8,
    encoder_lr: Annotated[float, typer.Option(min=0, help="Learning rate of the encoder")] = 5e-5,
    head_lr: Annotated[float, typer.Option(min=0, help="Learning rate above it")] = 1e-3,
    class_weights: Annotated[
        float, typer.Option(min=0, max=1, help="Weigh rare labels up: 0 not, 1 in full")
    ] = 0.0,
    layout: LayoutOption = "auto",
    test_session: TestSession = None,
    cache: Annotated[
        Path | None,
        typer.Option("--cache", file_okay=False, help="Keep what fixed layers make of the texts"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of split, order, dropout and new layers")] = 13,
    threads: Annotated[int, typer.Option(min=1, help="Processor cores to use")] = 2,
) -> None:
    """Train a dialogue model: utterance encoder, speakers, LSTM and attention over the dialogue.

    Killed or stopped, the same command goes on after the last finished epoch and ends with the
    same weights.

    [bold]Examples[/]

      moodwatch dialogue train --data meld --encoder all-MiniLM-L6-v2 --out runs/meld

      moodwatch dialogue train --data talks.csv --past-only --out runs/talks
    """
    _need_training()
    if past_only and no_context:
        raise UserError("expected --past-only or --no-context, found both")
    from moodwatch.logs import configure_logs
    from training.dialogue.network import DialogueConfig
    from training.dialogue.train import DialogueTraining
    from training.dialogue.train import train as run_training

    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    context: Literal["dialogue", "past", "none"] = "dialogue"
    if past_only or no_context:
        context = "past" if past_only else "none"
    with _told_plainly():
        folder = run_training(
            DialogueTraining(
                corpus=_corpus(data, layout, test_session, seed),
                out_dir=out_dir,
                encoder=encoder,
                trained_layers=trained_layers,
                network=DialogueConfig(context=context),
                epochs=epochs,
                encoder_lr=encoder_lr,
                head_lr=head_lr,
                class_weights=class_weights,
                cache_dir=cache,
                seed=seed,
                threads=threads,
            )
        )
    out.print(f"trained: {folder}", markup=False)


@dialogue.command()
def evaluate(
    data: Data,
    run: Annotated[
        Path | None,
        typer.Argument(exists=True, file_okay=False, help="Folder of a dialogue run"),
    ] = None,
    bundle: options.Bundle = None,
    device: options.Device = None,
    layout: LayoutOption = "auto",
    test_session: TestSession = None,
    seed: Annotated[int, typer.Option(help="Of the split, as at training")] = 13,
    as_json: options.Json = False,
) -> None:
    """Judge a dialogue run on a corpus's test part; without RUN, a bundle on single utterances.

    [bold]Examples[/]

      moodwatch dialogue evaluate runs/meld --data meld

      moodwatch dialogue evaluate --data emorynlp --bundle bundles/first --json
    """
    _need_training()
    from training.dialogue.figures import judge_single_utterances

    with _told_plainly():
        corpus = _corpus(data, layout, test_session, seed)
        if run is None:
            from moodwatch.scorers import load_scorer

            scorer = load_scorer(load_settings(bundle=bundle, device=device))
            figures = judge_single_utterances(scorer, corpus)
        else:
            if bundle is not None:
                raise UserError("expected a dialogue run or --bundle, found both")
            loaded = _load(run)
            figures = {
                "run": run.name,
                "trained_on": loaded.corpus,
                "context": loaded.network.config.context,
                "corpus": corpus.name,
                **loaded.judge(corpus.test).to_json(),
            }
    if as_json:
        print_json(figures)
    else:
        print_facts(figures)


@dialogue.command()
def predict(
    run: Run,
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="Conversation: lines 'speaker: text'"),
    ] = None,
    db: options.Db = None,
    thread: Annotated[
        str | None, typer.Option("--thread", help="A thread of stored messages")
    ] = None,
    source: options.Source = None,
    last: Annotated[
        int, typer.Option("--last", min=1, help="Label this many messages, the latest")
    ] = 1,
    as_json: options.Json = False,
) -> None:
    """Label a conversation: every line of FILE, or the latest messages of a stored thread.

    [bold]Examples[/]

      moodwatch dialogue predict runs/meld talk.txt

      moodwatch dialogue predict runs/past --db moodwatch.db --thread 4711 --last 3
    """
    _need_training()
    from training.dialogue.thread import label_last, read_lines

    if (file is None) == (thread is None):
        raise UserError("expected a FILE or --thread, one of them")
    with _told_plainly():
        loaded = _load(run)
        if file is not None:
            labelled = label_last(loaded, read_lines(file))
        elif thread is not None:
            labelled = _label_thread(loaded, db, thread, source, last)
    if as_json:
        print_json([utterance.to_json() for utterance in labelled])
        return
    rows = [(u.speaker, _short(u.text), u.label, f"{u.probability:.0%}") for u in labelled]
    print_table(("speaker", "text", "label", "sure"), rows)


def _label_thread(
    run: DialogueRun, db: str | None, thread: str, source: str | None, last: int
) -> list[Labelled]:
    from db.queries import thread_past, thread_sources
    from moodwatch.services import open_engine
    from training.dialogue.thread import label_last, n_needed, of_messages, sources_said

    if run.network.config.context == "dialogue":
        raise UserError(
            "this run reads whole dialogues, and a thread has no end yet:"
            " train one with --past-only"
        )
    with open_engine(load_settings(db=db)) as engine:
        if source is None and len(sources := thread_sources(engine, thread)) > 1:
            raise UserError(sources_said(thread, sources))
        messages = thread_past(engine, thread, source=source, limit=n_needed(run, last))
    if not messages:
        raise UserError(
            f"no dated message with a stored text in a thread {thread!r}", ExitCode.INPUT
        )
    return label_last(run, of_messages(thread, messages), last)


def _corpus(data: str, layout: str, test_session: str | None, seed: int) -> DialogueCorpus:
    from training.dialogue.hub import LAYOUTS, load_dialogues

    if layout not in LAYOUTS:
        raise UserError(f"expected a layout out of {', '.join(LAYOUTS)}, found {layout!r}")
    named: Any = layout
    return load_dialogues(data, layout=named, test_session=test_session, seed=seed)


def _load(run: Path) -> DialogueRun:
    from training.dialogue.run import load_dialogue_run

    return load_dialogue_run(run)


def _short(text: str) -> str:
    return text if len(text) <= TEXT_WIDTH else f"{text[: TEXT_WIDTH - 1]}…"


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what the room of training says of a user's files into a line."""
    from training.config import TrainError
    from training.data import DataError
    from training.dialogue.run import DialogueRunError
    from training.networks.files import EncoderError

    try:
        yield
    except (DataError, DialogueRunError, TrainError, EncoderError) as error:
        raise UserError(str(error), ExitCode.INPUT) from None


def _need_training() -> None:
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("torch", "transformers", "safetensors")):
        raise UserError("a dialogue model needs more packages: pip install '.[train]'")
