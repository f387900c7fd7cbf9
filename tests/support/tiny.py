"""A network small enough to train and export within a test, its tokenizer, and bundles of it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from model.bundle import BUNDLE_SCHEMA, WEIGHTS, write_checksums
from model.labels import DEFAULT_EMOTIONS
from model.network import MoodNetwork, NetworkConfig
from training.bundling.onnx_graph import build_graph

_SENTENCES = (
    "i you we feel am are so very not happy sad angry afraid loved surprised calm today the train "
    "is late again what a day thank you for nothing my dog sleeps and it rains on us"
)
WORDS = tuple(_SENTENCES.split())
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def tiny_config(**changes: Any) -> NetworkConfig:
    """One layer, 32 wide: under 30,000 weights."""
    sizes: dict[str, Any] = {
        "vocabulary_size": len(_vocabulary()),
        "max_positions": 64,
        "hidden": 32,
        "intermediate": 64,
        "encoder_layers": 1,
        "encoder_heads": 2,
        "lstm_hidden": 16,
        "lstm_layers": 2,
        "attention_heads": 2,
    }
    return NetworkConfig(**(sizes | changes))


def tiny_network(seed: int = 0, **changes: Any) -> MoodNetwork:
    """An untrained network whose answers nevertheless differ widely from text to text."""
    torch.manual_seed(seed)
    network = MoodNetwork(tiny_config(**changes))
    network.eval()
    with torch.no_grad():
        network.embeddings.words.weight.mul_(3)
        network.pool.weight.mul_(3)
        # Centre and widen the logits, so that no emotion wins every text.
        ids = torch.randint(4, network.config.vocabulary_size, (200, 10))
        logits = network(ids, torch.full((200,), 10))
        spread = logits.std(dim=0)
        network.classifier.weight.div_(spread[:, None])
        network.classifier.bias.copy_((network.classifier.bias - logits.mean(dim=0)) / spread)
    return network


def tiny_tokenizer() -> Tokenizer:
    """A WordPiece tokenizer, lower-casing, with the marks of BERT."""
    tokenizer = Tokenizer(models.WordPiece(_vocabulary(), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def write_encoder(folder: Path) -> Path:
    """Write a random one-layer BERT as Hugging Face does, for training to start from."""
    config = tiny_config()
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(
        json.dumps(
            {
                "model_type": "bert",
                "hidden_act": "gelu",
                "num_hidden_layers": 1,
                "vocab_size": config.vocabulary_size,
                "max_position_embeddings": config.max_positions,
                "hidden_size": config.hidden,
                "intermediate_size": config.intermediate,
                "num_attention_heads": config.encoder_heads,
                "layer_norm_eps": config.layer_norm_eps,
            }
        )
    )
    generator = torch.Generator().manual_seed(1)
    wide, narrow = config.intermediate, config.hidden
    linear = {
        "attention.self.query": (narrow, narrow),
        "attention.self.key": (narrow, narrow),
        "attention.self.value": (narrow, narrow),
        "attention.output.dense": (narrow, narrow),
        "intermediate.dense": (wide, narrow),
        "output.dense": (narrow, wide),
    }
    shapes = {
        "embeddings.word_embeddings.weight": (config.vocabulary_size, narrow),
        "embeddings.position_embeddings.weight": (config.max_positions, narrow),
        "embeddings.token_type_embeddings.weight": (2, narrow),
        **{f"encoder.layer.0.{name}.weight": shape for name, shape in linear.items()},
    }
    weights = {k: 0.2 * torch.randn(shape, generator=generator) for k, shape in shapes.items()}
    weights |= {f"encoder.layer.0.{k}.bias": torch.zeros(s[0]) for k, s in linear.items()}
    for name in (
        "embeddings.LayerNorm",
        "encoder.layer.0.attention.output.LayerNorm",
        "encoder.layer.0.output.LayerNorm",
    ):
        weights |= {f"{name}.weight": torch.ones(narrow), f"{name}.bias": torch.zeros(narrow)}
    save_file(weights, folder / "model.safetensors")
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def write_bundle(folder: Path, network: MoodNetwork | None = None, **config: Any) -> Path:
    """Write a complete bundle; `config` changes fields of config.json, None removes one."""
    network = network or tiny_network()
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    labels = list(DEFAULT_EMOTIONS)[: network.config.n_emotions]
    document = {
        "schema": BUNDLE_SCHEMA,
        "name": "tiny",
        "emotions": labels,
        "max_tokens": 24,
        "overlap": 4,
        "low_confidence": 0.4,
        "languages": ["en"],
        "network": network.config.to_json(),
    } | config
    document = {name: value for name, value in document.items() if value is not None}
    calibrated: list[str] = list(config.get("label_mapping") or config.get("emotions") or labels)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(build_graph(state, network.config).SerializeToString())
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(document))
    calibration = {"labels": calibrated, "temperature": 1.5}
    (folder / "calibration.json").write_text(json.dumps(calibration))
    (folder / "metrics.json").write_text("{}")
    (folder / "MODEL_CARD.md").write_text("# tiny\n")
    (folder / "LICENSE").write_text("made in a test\n")
    write_checksums(folder)
    return folder


def random_texts(n: int, *, seed: int = 0, longest: int = 18) -> list[str]:
    """Sentences of 1 to `longest` words the tiny tokenizer knows."""
    order = random.Random(seed)
    return [" ".join(order.choices(WORDS, k=order.randint(1, longest))) for _ in range(n)]


def _vocabulary() -> dict[str, int]:
    return {word: i for i, word in enumerate((*_SPECIAL, *dict.fromkeys(WORDS), ".", ",", "!"))}
