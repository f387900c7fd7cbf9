"""Find an encoder's files: a local folder, or a hub id that is fetched once; never a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

#: All that is fetched of a hub id: weights as safetensors, sizes, vocabulary. No code, no pickle.
WANTED_FILES = (
    "config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
)


#: Encoders by the short names that their model cards use; the hub wants the owner's, too.
_OWNERS: Final = {
    "all-MiniLM-L6-v2": "sentence-transformers",
    "all-MiniLM-L12-v2": "sentence-transformers",
    "all-mpnet-base-v2": "sentence-transformers",
    "gte-small": "thenlper",
}


class EncoderError(ValueError):
    """No encoder that a network can start from."""


def find_encoder(encoder: str | Path) -> Path:
    """Return the local folder of an encoder given by path or hub id.

    Raises:
        EncoderError: when it is neither a folder nor can be fetched.
    """
    if (folder := Path(encoder)).is_dir():
        return folder
    if isinstance(encoder, Path) or str(encoder).startswith((".", "/", "~")):
        raise EncoderError(f"expected an encoder's folder, found none at {str(encoder)!r}")
    from huggingface_hub import snapshot_download

    owner = _OWNERS.get(encoder)
    try:
        return Path(
            snapshot_download(
                f"{owner}/{encoder}" if owner else encoder, allow_patterns=list(WANTED_FILES)
            )
        )
    except Exception as error:  # the hub's errors share no base with the network's
        raise EncoderError(
            f"expected an encoder's folder or hub id, found {encoder!r}: no such folder, and the "
            f"hub answered {type(error).__name__}; without a network, name a local folder, or go "
            "on from a model that you have"
        ) from error


def read_encoder_config(folder: Path) -> dict[str, Any]:
    """Return the encoder's config.json.

    Raises:
        EncoderError: when there is none.
    """
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EncoderError(f"expected an encoder in {str(folder)!r}: no config.json") from error
    if not isinstance(found, dict) or "model_type" not in found:
        raise EncoderError(f"expected 'model_type' in {str(folder / 'config.json')!r}, found none")
    return found


def encoder_source(folder: Path | None) -> str | None:
    """Return where an encoder says that it comes from; its licence goes by that."""
    if folder is None:
        return None
    return str(read_encoder_config(folder).get("_name_or_path") or folder.name)


def write_tokenizer(folder: Path, target: Path) -> None:
    """Write the encoder's tokenizer to `target` in the one format bundles hold, tokenizer.json.

    Raises:
        EncoderError: when `folder` holds no tokenizer.
    """
    if (folder / "tokenizer.json").exists():
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    else:  # older hub ids hold the vocabulary alone
        from transformers import AutoTokenizer

        try:
            loaded = AutoTokenizer.from_pretrained(folder, use_fast=True)
            tokenizer = loaded.backend_tokenizer
        except Exception as error:  # each tokenizer class raises its own
            raise EncoderError(f"expected a tokenizer in {str(folder)!r}, found none") from error
    partial = target.with_name(target.name + ".new")
    tokenizer.save(str(partial))
    partial.replace(target)
