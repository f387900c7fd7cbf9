"""A model on disk: one ONNX weights file, its tokenizer, labels, calibration, and their checksums.

`load_bundle` checks everything that can be checked without running the network, and refuses with
the reason; scorers turn the result into scores. `training.bundling.export` writes what this reads.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from model.calibration import Calibration, read_calibration
from model.confusions import Confusions, parse_confusions
from model.labels import as_emotions
from records import EMOTIONS, Emotion

#: Raised when a reader of the old layout would misread the new one: 2 calibrates by more than a
#: temperature, and says which kind of network it holds.
BUNDLE_SCHEMA: Final = 2
_READABLE_SCHEMAS: Final = (1, 2)

WEIGHTS: Final = "model.onnx"
CHECKSUMS: Final = "checksums.json"
CONFUSIONS: Final = "confusions.json"
#: What every bundle holds, besides the checksums themselves.
REQUIRED_FILES: Final = (
    WEIGHTS,
    "tokenizer.json",
    "config.json",
    "calibration.json",
    "metrics.json",
    "MODEL_CARD.md",
    "LICENSE",
)
#: What a bundle may hold besides.
OPTIONAL_FILES: Final = ("model.safetensors", CONFUSIONS)
#: First byte of an ONNX file (field 1 of the model: its version); no pickle and no zip has it.
_ONNX_START: Final = b"\x08"


class BundleError(ValueError):
    """The folder is no bundle that can be trusted; the message says why."""


@dataclass(frozen=True, slots=True)
class BundleConfig:
    """What config.json says."""

    #: The network's outputs, in order: canonical emotions, or the bundle's own labels.
    labels: tuple[str, ...]
    #: The canonical emotion of each output; None where a label has none and is left out.
    label_emotions: tuple[Emotion | None, ...]
    #: Longest window, the encoder's two marks included.
    max_tokens: int
    #: Tokens that two neighbouring windows of a long text share.
    overlap: int
    #: Top score below which a score counts as of low confidence, 0..1.
    low_confidence: float
    #: ISO 639-1 codes.
    languages: tuple[str, ...]
    #: Sizes of the network: the fields of `model.network.NetworkConfig`, or `kind` and three
    #: sizes of a network that only the graph can compute.
    network: dict[str, Any]

    @property
    def is_rebuildable(self) -> bool:
        """Whether torch can compute it from the graph's weights; others run by the graph alone."""
        return "kind" not in self.network


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle."""

    path: Path
    name: str
    #: The first 12 hex digits of the SHA-256 of checksums.json: changes with any byte of it.
    version: str
    #: The canonical emotions it scores, in the order of EMOTIONS.
    emotions: tuple[Emotion, ...]
    config: BundleConfig
    calibration: Calibration
    #: SHA-256 (hex) by file name.
    checksums: dict[str, str]

    @property
    def model_id(self) -> str:
        return f"{self.name}@{self.version}"

    def read(self, name: str) -> bytes:
        """Return a file's bytes, verified again: what is used is what was checked.

        Raises:
            BundleError: when the file has changed since, or is none of the bundle's.
        """
        return _read_verified(self.path, name, self.checksums)

    def metrics(self) -> dict[str, Any]:
        """Return metrics.json: quality on the test sets and the export's parity figures."""
        return _json_object(self.read("metrics.json"), "metrics.json")

    def confusions(self) -> Confusions | None:
        """Return what the model takes for what on held-out texts; None: the bundle does not say.

        Raises:
            BundleError: when the file cannot be read, or is of other emotions.
        """
        if CONFUSIONS not in self.checksums:
            return None
        try:
            found = parse_confusions(self.read(CONFUSIONS))
        except BundleError:
            raise
        except ValueError as error:
            raise BundleError(f"{CONFUSIONS}: {error!s}") from error
        if found.emotions != self.emotions:
            raise BundleError(
                f"expected confusions of {list(self.emotions)!r}, found {list(found.emotions)!r}"
            )
        return found


def default_bundle_path() -> Path:
    """Return the folder of the bundle that ships with moodwatch."""
    return Path(str(importlib.resources.files("model"))) / "bundles" / "default"


def load_bundle(path: Path | None = None) -> Bundle:
    """Verify the bundle in `path` (None: the shipped one) and return it.

    Raises:
        BundleError: when a file is missing, changed, unlisted or of a forbidden kind, or when
            the emotions in it do not fit together.
    """
    folder = default_bundle_path() if path is None else path
    checksums, version = _checksums(folder)
    for name in checksums:
        contents = _read_verified(folder, name, checksums)
        if name == WEIGHTS and not contents.startswith(_ONNX_START):
            raise BundleError(f"expected ONNX in {WEIGHTS!r}, found another format (a pickle?)")
        if name.endswith(".safetensors") and not _is_safetensors(contents):
            raise BundleError(f"expected safetensors in {name!r}, found another format (a pickle?)")
    document = _json_object(_read_verified(folder, "config.json", checksums), "config.json")
    config = _parse_config(document)
    _check_tokenizer(
        _read_verified(folder, "tokenizer.json", checksums), config.network["vocabulary_size"]
    )
    calibration = _parse_calibration(
        _json_object(_read_verified(folder, "calibration.json", checksums), "calibration.json"),
        config,
    )
    scored = set(config.label_emotions)
    bundle = Bundle(
        path=folder,
        name=str(document.get("name", folder.name)),
        version=version,
        emotions=tuple(emotion for emotion in EMOTIONS if emotion in scored),
        config=config,
        calibration=calibration,
        checksums=checksums,
    )
    bundle.confusions()  # Refused now rather than in a report.
    return bundle


def write_checksums(folder: Path) -> None:
    """List every file of the bundle with its SHA-256: the last step of writing one."""
    names = [name for name in (*REQUIRED_FILES, *OPTIONAL_FILES) if (folder / name).exists()]
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / CHECKSUMS).write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")


def _checksums(folder: Path) -> tuple[dict[str, str], str]:
    if not folder.is_dir():
        raise BundleError(f"expected a bundle folder, found none at {str(folder)!r}")
    try:
        raw = (folder / CHECKSUMS).read_bytes()
    except OSError as error:
        raise BundleError(f"expected {CHECKSUMS!r} in {str(folder)!r}, found none") from error
    checksums = {name: str(sum_) for name, sum_ in _json_object(raw, CHECKSUMS).items()}
    allowed = {*REQUIRED_FILES, *OPTIONAL_FILES}
    if missing := [name for name in REQUIRED_FILES if name not in checksums]:
        raise BundleError(f"expected {CHECKSUMS!r} to list {missing[0]!r}, found no such line")
    if unknown := sorted(set(checksums) - allowed):
        raise BundleError(f"expected no other files than a bundle's, found {unknown[0]!r} listed")
    for entry in sorted(folder.iterdir()):
        if entry.name not in {*checksums, CHECKSUMS} and not entry.name.startswith("."):
            raise BundleError(f"expected only files that {CHECKSUMS!r} lists, found {entry.name!r}")
    return checksums, hashlib.sha256(raw).hexdigest()[:12]


def _read_verified(folder: Path, name: str, checksums: dict[str, str]) -> bytes:
    if name not in checksums:
        raise BundleError(f"expected a file of the bundle, found {name!r}")
    try:
        contents = (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"expected {name!r} in {str(folder)!r}, found none") from error
    found = hashlib.sha256(contents).hexdigest()
    if found != checksums[name]:
        raise BundleError(
            f"expected SHA-256 {checksums[name][:12]}… for {name!r}, found {found[:12]}…: "
            "the file was changed or cut off"
        )
    return contents


def _is_safetensors(contents: bytes) -> bool:
    """Tell whether it begins as safetensors do: the length of a JSON object, and that object."""
    return contents[8:9] == b"{" and int.from_bytes(contents[:8], "little") <= len(contents) - 8


def _check_tokenizer(raw: bytes, vocabulary_size: int) -> None:
    try:
        tokenizer = Tokenizer.from_str(raw.decode("utf-8"))
    except Exception as error:  # tokenizers raise no narrower one
        raise BundleError(
            "expected a tokenizer in 'tokenizer.json', found other content"
        ) from error
    highest = max(tokenizer.get_vocab().values(), default=-1)
    if not 0 <= highest < vocabulary_size:
        raise BundleError(
            f"expected a tokenizer of the network's {vocabulary_size} tokens, found one whose ids "
            f"go up to {highest}"
        )


def _json_object(raw: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except ValueError as error:
        raise BundleError(f"expected JSON in {name!r}, found other text") from error
    if not isinstance(document, dict):
        raise BundleError(f"expected a JSON object in {name!r}, found {type(document).__name__}")
    return document


def _parse_config(document: dict[str, Any]) -> BundleConfig:
    if document.get("schema") not in _READABLE_SCHEMAS:
        raise BundleError(f"expected bundle schema 1 or 2, found {document.get('schema')!r}")
    labels, label_emotions = _declared_emotions(document)
    try:
        config = BundleConfig(
            labels=labels,
            label_emotions=label_emotions,
            max_tokens=int(document["max_tokens"]),
            overlap=int(document["overlap"]),
            low_confidence=float(document["low_confidence"]),
            languages=tuple(str(code) for code in document["languages"]),
            network=dict(document["network"]),
        )
        n_outputs, max_positions = config.network["n_emotions"], config.network["max_positions"]
        int(config.network["vocabulary_size"])
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"config.json lacks a field or has a wrong one: {error!s}") from error
    if n_outputs != len(labels):
        raise BundleError(
            f"expected one label for each of the network's {n_outputs} outputs, "
            f"found {len(labels)}: {', '.join(labels)}"
        )
    if not (0 <= config.overlap < config.max_tokens - 2 and config.max_tokens <= max_positions):
        raise BundleError(
            f"expected overlap < max_tokens <= {max_positions}, "
            f"found {config.overlap} and {config.max_tokens}"
        )
    return config


def _declared_emotions(
    document: dict[str, Any],
) -> tuple[tuple[str, ...], tuple[Emotion | None, ...]]:
    """Read `emotions` (canonical outputs) or `label_mapping` (own label → emotion or null)."""
    emotions, mapping = document.get("emotions"), document.get("label_mapping")
    try:
        if isinstance(emotions, list) and mapping is None:
            canonical = as_emotions(emotions)
            return canonical, canonical
        if isinstance(mapping, dict) and emotions is None:
            targets = [emotion for emotion in mapping.values() if emotion is not None]
            known = {str(e): e for e in as_emotions(list(dict.fromkeys(targets)))}
            return tuple(mapping), tuple(
                None if emotion is None else known[emotion] for emotion in mapping.values()
            )
    except ValueError as error:
        raise BundleError(f"config.json: {error!s}") from error
    raise BundleError(
        "expected config.json to declare either 'emotions' (which of the canonical ones the "
        "outputs are) or 'label_mapping' (own label to canonical emotion), found neither or both"
    )


def _parse_calibration(document: dict[str, Any], config: BundleConfig) -> Calibration:
    labels = document.get("labels")
    if labels != list(config.labels):
        raise BundleError(
            f"expected a calibration of {list(config.labels)!r}, found one of {labels!r}"
        )
    try:
        return read_calibration(document, len(config.labels))
    except ValueError as error:
        raise BundleError(f"calibration.json: {error!s}") from error
