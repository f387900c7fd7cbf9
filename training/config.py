"""What decides a run's weights: the one configuration that `training.train` takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, Literal

from model.network import NetworkConfig
from records import Emotion
from training.data import Corpus
from training.losses import LossName
from training.networks.scratch import ScratchConfig
from training.networks.transformer import Pooling

Architecture = Literal["hybrid", "plain", "ann", "lstm"]
Adversary = Literal["none", "neftune", "fgm"]
Device = Literal["auto", "cpu", "cuda"]

#: Names that stand for an architecture with a certain encoder, as the field says them.
NAMED_ENCODERS: Final[Mapping[str, tuple[Architecture, str]]] = {
    "bert": ("plain", "google-bert/bert-base-uncased"),
    "distilbert": ("plain", "distilbert/distilbert-base-uncased"),
}
#: The hybrid's encoder where none is named.
DEFAULT_ENCODER: Final = "sentence-transformers/all-MiniLM-L6-v2"
#: Depth of the hybrid where none is given: docs/experiments.md.
DEFAULT_HYBRID_LAYERS: Final = 3
#: Of new layers; with the higher rate the hybrid was right less often (docs/experiments.md).
HEAD_LR: Final = 1e-3
HYBRID_HEAD_LR: Final = 3e-4


class TrainError(ValueError):
    """The run cannot start or go on as configured."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that decides the weights of a run, and where it writes.

    The defaults are the measured ones of docs/experiments.md.
    """

    #: Corpora, or what `training.sources.load_corpora` makes some of: folders, files, hub ids.
    data: tuple[Corpus | str | Path, ...]
    #: Created; holds the result and the state to go on from.
    out_dir: Path
    architecture: Architecture = "hybrid"
    #: A folder (config.json, model.safetensors, a tokenizer) or a hub id; None: the default one.
    #: `ann` and `lstm` have none.
    encoder: str | Path | None = None
    #: Folder of an earlier run, or of a hybrid's bundle, to go on from: its network, tokenizer,
    #: emotions and weights, in place of an encoder's; its dropout is the one of this configuration.
    start_dir: Path | None = None
    #: What is scored; None: the emotions that stand in the training data.
    emotions: tuple[Emotion, ...] | None = None
    #: Head of the hybrid; the encoder's own sizes are read from its files.
    network: NetworkConfig = field(default_factory=NetworkConfig)
    #: Sizes of `ann` and `lstm`.
    scratch: ScratchConfig = field(default_factory=ScratchConfig)
    #: How many of the encoder's layers, from the bottom, or which, from 0 at the bottom.
    #: None: 3 in a hybrid over BERT, all in anything else.
    layers: int | tuple[int, ...] | None = None
    #: What a plain head reads: the mean of all tokens or the first.
    pooling: Pooling = "mean"
    #: Vectors in GloVe's text format for the words of `ann` and `lstm` to start from.
    word_vectors: Path | None = None

    epochs: int = 3
    batch_size: int = 32
    #: Peak learning rates of the pretrained encoder and of the new layers above it.
    encoder_lr: float = 1.2e-4
    #: None: the head's usual one, `new_layers_lr`.
    head_lr: float | None = None
    #: Each layer of the encoder learns at this much of the rate of the layer above it.
    layer_lr_decay: float = 1.0
    #: Neither the embeddings nor this many layers at the bottom learn at all.
    freeze_embeddings: bool = False
    freeze_layers: int = 0
    #: Share of all steps in which the learning rate climbs; after it, linear to zero.
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    #: Gradients are scaled down to this norm.
    max_gradient_norm: float = 1.0
    #: Stop after this many epochs without a better validation score; None: never.
    patience: int | None = None

    loss: LossName = "cross_entropy"
    focal_gamma: float = 2.0
    #: Weigh each emotion against its frequency (`training.augmenting.balance`).
    class_weights: bool = False
    #: Repeat rare emotions' texts, or leave some of the common ones' out.
    resample: Literal["over", "under"] | None = None
    #: Texts with words replaced or the like are added, see `AugmentConfig` in
    #: `training.augmenting.augment`.
    augment: Any = None
    #: Each epoch gets copies and made sentences of its own and its part of the texts without
    #: labels, in place of the same ones in all.
    fresh: bool = False
    label_smoothing: float = 0.0
    #: Weight of the disagreement between two passes with other dropout.
    r_drop: float = 0.0
    #: Noise on the word embeddings: `neftune` random, `fgm` against the gradient (twice the cost).
    adversary: Adversary = "none"
    #: Size of that noise: NEFTune's alpha, FGM's epsilon.
    adversary_strength: float = 5.0
    #: What is kept is a moving average of the weights, renewed every AVERAGE_EVERY steps by one
    #: part in 1 / (1 - decay); 0 keeps the last weights themselves.
    average_decay: float = 0.0

    #: Run folders, or .npz files of soft labels (`training.teachers`), to learn from as well.
    teachers: tuple[Path, ...] = ()
    #: Share of the loss that is the teachers'; texts without a label have no other.
    teacher_weight: float = 0.5
    teacher_temperature: float = 1.0
    #: Files of texts without labels, for the teachers to label: a line each, or CSV with `text`.
    unlabelled: tuple[Path, ...] = ()

    #: Longer training texts keep their beginning.
    max_tokens: int = 128
    #: Mixed precision where it is the faster: bfloat16 matmuls, float32 weights.
    bfloat16: bool = True
    device: Device = "auto"
    seed: int = 13
    threads: int = 2
    #: The state to go on from is written this often, and after every epoch.
    save_every_s: float = 300.0
    #: And after this many steps, if given.
    save_every_steps: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could only fail later.

        Raises:
            TrainError: naming the field.
        """
        if not self.data:
            raise TrainError("expected at least one data set, found none")
        if self.fresh and self.augment is None and not self.unlabelled:
            raise TrainError(
                "expected texts to add in each epoch, found none: noise, swaps, synonyms, made "
                "sentences or texts without labels"
            )
        if (self.teachers == ()) and self.unlabelled:
            raise TrainError("expected teachers for the texts without labels, found none")
        if self.architecture in {"ann", "lstm"} and self.encoder is not None:
            raise TrainError(f"expected no encoder for {self.architecture!r}, which has its own "
                             "word embeddings")  # fmt: skip
        for name, least, most in (
            ("teacher_weight", 0, 1), ("label_smoothing", 0, 1), ("average_decay", 0, 1),
            ("layer_lr_decay", 0, 1), ("warmup_share", 0, 1),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise TrainError(f"expected {name} of {least} to {most}, found "
                                 f"{getattr(self, name)!r}")  # fmt: skip
        for name in ("epochs", "batch_size", "threads"):
            if getattr(self, name) < 1:
                raise TrainError(f"expected {name} of 1 or more, found {getattr(self, name)!r}")

    @property
    def new_layers_lr(self) -> float:
        """Peak learning rate of what is not pretrained."""
        if self.head_lr is not None:
            return self.head_lr
        return HYBRID_HEAD_LR if self.architecture == "hybrid" else HEAD_LR

    def to_json(self) -> dict[str, Any]:
        """What a result must have in common with a run that goes on: no folders, no data.

        The data is compared by a hash of its texts, which `training.train` adds.
        """
        left_out = {"data", "out_dir", "start_dir", "save_every_s", "save_every_steps", "threads",
                    "device"}  # fmt: skip
        values: dict[str, Any] = {}
        for name in (each.name for each in fields(self) if each.name not in left_out):
            value = getattr(self, name)
            if is_dataclass(value) and not isinstance(value, type):
                value = {key: _plain(inner) for key, inner in asdict(value).items()}
            values[name] = value
        values["head_lr"] = self.new_layers_lr
        values["encoder"] = None if self.encoder is None else Path(self.encoder).name
        values["word_vectors"] = None if self.word_vectors is None else self.word_vectors.name
        for name in ("teachers", "unlabelled"):
            values[name] = [Path(path).name for path in getattr(self, name)]
        return values


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else value
