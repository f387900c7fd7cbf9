"""`moodwatch train`: any architecture on any labelled texts. It needs the extra `train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from moodwatch.commands.judging import parse_labels
from moodwatch.commands.labelled import (
    Data,
    LabelColumn,
    Labels,
    TextColumn,
    load_data,
    need_training,
    path_of_model,
    told_plainly,
)
from moodwatch.console import out, print_json, print_table
from moodwatch.errors import ExitCode, UserError
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from training.config import TrainConfig


def _option(help_text: str, panel: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, **more)


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Train")(train)


#: Options that make a network: one to start from has all of them already.
_MAKE_A_NETWORK: Final = (
    "architecture", "encoder", "layers", "pooling", "lstm_hidden", "lstm_layers",
    "attention_heads", "word_vectors", "embedding",
)  # fmt: skip


def train(
    context: typer.Context,
    data: Data = None,
    out_dir: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder of the run",
            file_okay=False,
            show_default="runs/ARCHITECTURE, runs/from-START",
        ),
    ] = None,
    architecture: Annotated[
        str,
        typer.Option(
            help="hybrid, plain (any encoder, one linear layer), bert, distilbert (plain "
            "with that encoder of the hub), ann, lstm (from scratch)"
        ),
    ] = "hybrid",
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Pretrained encoder: a folder or a hub id",
            show_default="all-MiniLM-L6-v2 from the hub",
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            help="Go on from this run or hybrid bundle, in place of an encoder: its network and "
            "weights, on your data; 'default' is the shipped one",
            show_default="start from the encoder",
        ),
    ] = None,
    search_trials: Annotated[
        int | None,
        typer.Option(
            "--search",
            metavar="N",
            min=1,
            help="Run N trials of other learning rates, epochs, dropout; keep the best",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON")] = False,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    labels: Labels = None,
    resample: Annotated[
        str | None, _option("over: repeat rare emotions' texts; under: thin the others", "Data")
    ] = None,
    synonyms: Annotated[
        float,
        _option(
            "Share of texts added with words replaced by synonyms (WordNet)", "Data", min=0, max=1
        ),
    ] = 0.0,
    negation: Annotated[
        float, _option("Share of made sentences of negation and contrast added", "Data", min=0)
    ] = 0.0,
    noise: Annotated[
        float, _option("Share of texts added in noisy writing", "Data", min=0, max=1)
    ] = 0.0,
    swaps: Annotated[
        float, _option("Share of texts added about another name or gender", "Data", min=0, max=1)
    ] = 0.0,
    fresh: Annotated[
        bool,
        _option("Add other texts in each epoch, in place of the same in all", "Data"),
    ] = False,
    max_tokens: Annotated[int, _option("Longer texts keep their beginning", "Data", min=8)] = 128,
    layers: Annotated[
        str | None,
        _option(
            "Layers of the encoder to keep: 6, or by place 0,2,4",
            "Network",
            show_default="3 in a hybrid over BERT, else all",
        ),
    ] = None,
    pooling: Annotated[
        str, _option("What a plain head reads: mean of all tokens, or first", "Network")
    ] = "mean",
    lstm_hidden: Annotated[int, _option("Width of one LSTM direction", "Network", min=1)] = 256,
    lstm_layers: Annotated[int, _option("LSTM layers of the hybrid", "Network", min=1)] = 2,
    attention_heads: Annotated[
        int, _option("Attention heads of the hybrid's own attention", "Network", min=1)
    ] = 4,
    dropout: Annotated[float, _option("In the head", "Network", min=0, max=0.9)] = 0.3,
    word_vectors: Annotated[
        Path | None,
        _option(
            "GloVe text file for ann and lstm to start from", "Network", exists=True, dir_okay=False
        ),
    ] = None,
    embedding: Annotated[
        int, _option("Width of the word embeddings of ann and lstm", "Network", min=1)
    ] = 128,
    epochs: Annotated[int, _option("Passes over the training texts", "Steps", min=1)] = 3,
    batch_size: Annotated[int, _option("Texts a step", "Steps", min=1)] = 32,
    learning_rate: Annotated[float, _option("Peak, of the encoder", "Steps")] = 1.2e-4,
    head_learning_rate: Annotated[
        float | None,
        _option("Peak, of the new layers", "Steps", show_default="3e-4 in a hybrid, else 1e-3"),
    ] = None,
    layer_decay: Annotated[
        float, _option("Each layer's rate as a share of the one above", "Steps", min=0, max=1)
    ] = 1.0,
    freeze_embeddings: Annotated[
        bool, _option("Word embeddings do not learn", "Steps", "--freeze-embeddings")
    ] = False,
    freeze_layers: Annotated[
        int, _option("Nor do this many layers at the bottom", "Steps", min=0)
    ] = 0,
    patience: Annotated[
        int | None, _option("Stop after so many epochs without a better score", "Steps", min=1)
    ] = None,
    seed: Annotated[int, _option("Of order, dropout and new layers", "Steps")] = 13,
    loss: Annotated[str, _option("cross_entropy or focal", "Loss")] = "cross_entropy",
    focal_gamma: Annotated[float, _option("How strongly focal", "Loss", min=0)] = 2.0,
    class_weights: Annotated[
        bool, _option("Weigh emotions against their frequency", "Loss", "--class-weights")
    ] = False,
    label_smoothing: Annotated[
        float, _option("Share of each label spread evenly", "Loss", min=0, max=0.9)
    ] = 0.0,
    r_drop: Annotated[
        float, _option("Weight of the disagreement of two passes", "Loss", min=0)
    ] = 0.0,
    adversary: Annotated[
        str, _option("Noise on word embeddings: none, neftune, fgm", "Loss")
    ] = "none",
    adversary_strength: Annotated[
        float, _option("NEFTune's alpha or FGM's epsilon", "Loss", min=0)
    ] = 5.0,
    average: Annotated[
        float,
        _option("Decay of the moving average of the weights; 0: none", "Loss", min=0, max=0.9999),
    ] = 0.0,
    teachers: Annotated[
        list[str] | None,
        _option(
            "Run or bundle to learn from as well ('default': the shipped one), or .npz of soft "
            "labels. Repeatable",
            "Teachers",
            "--teacher",
            metavar="PATH",
        ),
    ] = None,
    teacher_weight: Annotated[
        float, _option("Their share of the loss", "Teachers", min=0, max=1)
    ] = 0.5,
    teacher_temperature: Annotated[float, _option("Softens both sides", "Teachers", min=0.1)] = 1.0,
    unlabelled: Annotated[
        list[Path] | None,
        _option(
            "Texts for the teachers to label: a line each, or CSV with a column 'text'. Repeatable",
            "Teachers",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    device: Annotated[str, _option("Where to train", "Machine", metavar="auto|cpu|cuda")] = "auto",
    threads: Annotated[int, _option("Processor threads", "Machine", min=1)] = 2,
    bfloat16: Annotated[
        bool, _option("Half-precision matmuls where they are the faster", "Machine")
    ] = True,
) -> None:
    """Train a network: the hybrid, a plain head on any encoder, or a small one from scratch.

    Stopped or killed, the same command goes on within the epoch, and ends with the same weights.

    [bold]Examples[/]

      moodwatch train --data data --encoder all-MiniLM-L6-v2 --out runs/first
      moodwatch train --start default --data posts.csv --label-column mood --label calm=joy
          --epochs 2 --learning-rate 3e-5
      moodwatch train --architecture distilbert --data benchmark --learning-rate 2e-5
      moodwatch train --encoder bert-base-uncased --layers 12 --loss focal --epochs 5
          --learning-rate 2e-5 --head-learning-rate 2e-5
      moodwatch train --architecture lstm --search 8
      moodwatch train --teacher runs/large --unlabelled posts.txt
    """  # fmt: skip
    need_training()
    from dataclasses import replace

    from moodwatch.logs import configure_logs
    from training.config import NAMED_ENCODERS, TrainConfig

    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    start_dir = None if start is None else _start(context, start)
    name = architecture if start_dir is None else f"from-{start_dir.resolve().name}"
    folder = Path("runs") / name if out_dir is None else out_dir
    if architecture in NAMED_ENCODERS:
        kind, its_encoder = NAMED_ENCODERS[architecture]
        architecture, encoder = kind, encoder or its_encoder
    with told_plainly():
        config = TrainConfig(
            out_dir=folder,
            architecture=_one_of("--architecture", architecture, "hybrid", "plain", "ann", "lstm"),
            encoder=encoder,
            start_dir=start_dir,
            layers=_layers(layers),
            pooling=_one_of("--pooling", pooling, "mean", "first"),
            word_vectors=word_vectors,
            resample=None if resample is None else _one_of("--resample", resample, "over", "under"),
            augment=_augment(synonyms, negation, noise, swaps),
            fresh=fresh,
            max_tokens=max_tokens,
            epochs=epochs,
            batch_size=batch_size,
            encoder_lr=learning_rate,
            head_lr=head_learning_rate,
            layer_lr_decay=layer_decay,
            freeze_embeddings=freeze_embeddings,
            freeze_layers=freeze_layers,
            patience=patience,
            seed=seed,
            loss=_one_of("--loss", loss, "cross_entropy", "focal"),
            focal_gamma=focal_gamma,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            r_drop=r_drop,
            adversary=_one_of("--adversary", adversary, "none", "neftune", "fgm"),
            adversary_strength=adversary_strength,
            average_decay=average,
            teachers=tuple(_teacher(name) for name in teachers or ()),
            teacher_weight=teacher_weight,
            teacher_temperature=teacher_temperature,
            unlabelled=tuple(unlabelled or ()),
            device=_one_of("--device", device, "auto", "cpu", "cuda"),
            threads=threads,
            bfloat16=bfloat16,
            # Last: a wrong option is told before minutes of reading.
            data=load_data(data, text_column, label_column, parse_labels(labels or []), seed),
        )
        head = replace(
            config.network,
            lstm_hidden=lstm_hidden,
            lstm_layers=lstm_layers,
            attention_heads=attention_heads,
            dropout=dropout,
        )
        scratch = replace(config.scratch, embedding=embedding, dropout=dropout)
        config = replace(config, network=head, scratch=scratch)
        if search_trials is not None:
            _search(config, search_trials, as_json)
        else:
            _train(config, as_json)


def _train(config: TrainConfig, as_json: bool) -> None:
    import json

    from training.train import train as run_training

    try:
        folder = run_training(config)
    except KeyboardInterrupt:
        raise _stopped() from None
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    best = max(history, key=lambda record: record["score"])
    if as_json:
        print_json({"run": str(folder), "best": best, "history": history})
        return
    columns = [name for name in best if name.endswith(("epoch", "loss", "_accuracy", "_f1"))]
    print_table(columns, [[record[column] for column in columns] for record in history])
    out.print(f"trained: {folder} (epoch {best['epoch']} kept)", markup=False)


def _search(config: TrainConfig, n_trials: int, as_json: bool) -> None:
    from training.search import search

    try:
        trials = search(config, n_trials)
    except KeyboardInterrupt:
        raise _stopped() from None
    if as_json:
        print_json([trial.to_json() for trial in trials])
        return
    columns = ("folder", "score", "encoder_lr", "head_lr", "epochs", "dropout", "seconds")
    print_table(columns, [[trial.to_json()[column] for column in columns] for trial in trials])
    out.print(f"best: {config.out_dir / trials[0].folder}", markup=False)


def _stopped() -> UserError:
    return UserError("stopped; the same command goes on where it was", ExitCode.INTERRUPTED)


def _start(context: typer.Context, model: str) -> Path:
    """Return the folder to start from.

    Raises:
        UserError: when it is none, or an option asks for another network than its own.
    """
    for name in _MAKE_A_NETWORK:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise UserError(
                f"expected no --{name.replace('_', '-')} beside --start: "
                "the model to start from has a network of its own"
            )
    if not (folder := path_of_model(model)).is_dir():
        raise UserError(f"expected the folder of a run or bundle, or 'default', found {model!r}")
    return folder


def _teacher(name: str) -> Path:
    if not (path := path_of_model(name)).exists():
        raise UserError(f"expected a run, a bundle, 'default' or an .npz file, found {name!r}")
    return path


def _layers(text: str | None) -> int | tuple[int, ...] | None:
    if text is None:
        return None
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise UserError(f"expected --layers 6 or --layers 0,2,4, found {text!r}") from None
    return numbers if "," in text else numbers[0]


def _one_of(option: str, value: str, *known: str) -> Any:
    if value not in known:
        raise UserError(
            f"expected {option} {', '.join(known[:-1])} or {known[-1]}, found {value!r}"
        )
    return value


def _augment(synonyms: float, negation: float, noise: float, swaps: float) -> Any:
    if not (synonyms or negation or noise or swaps):
        return None
    from training.augmenting.augment import AugmentConfig

    return AugmentConfig(
        synonym_share=synonyms,
        negation_share=negation,
        noise_share=noise,
        swap_share=swaps,
    )
