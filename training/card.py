"""The words that go with a bundle's weights: its model card and its licence file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from model.network import NetworkConfig
from records import Emotion

_LICENCE = """\
Licence of the weights in this folder
=====================================

The MIT licence of moodwatch covers its code, not these weights. They were made from:

1. all-MiniLM-L6-v2 (sentence-transformers; itself from nreimers/MiniLM-L6-H384-uncased),
   the pretrained encoder and its tokenizer: Apache License 2.0.
2. dair-ai/emotion, "split" (Saravia et al. 2018, "CARER: Contextualized Affect Representations
   for Emotion Recognition"), training texts. It has no licence file; its authors state: "The
   dataset should be used for educational and research purposes only."
3. GoEmotions (Demszky et al. 2020, Google Research), training texts: published under the Apache
   License 2.0 with its repository, the data usually cited as CC BY 4.0.

Because of item 2, use these weights for education and research only. Whoever wants another use
should train a bundle without that data set; `moodwatch train` and `moodwatch export` make one.

The weights come without warranty of any kind. The full text of the Apache License 2.0 stands at
https://www.apache.org/licenses/LICENSE-2.0.
"""


def licence_text() -> str:
    """Return the licence file of a network trained on both data sets."""
    return _LICENCE


def model_card(
    name: str,
    emotions: Sequence[Emotion],
    network: NetworkConfig,
    metrics: Mapping[str, Any],
    *,
    n_bytes: int,
) -> str:
    """Return the model card, its figures taken from `metrics` (what metrics.json holds)."""
    parity, effect = metrics["parity"], metrics["batch_effect"]
    config = metrics["training"]["config"]
    rows = "\n".join(
        _row(title, metrics["test"][key])
        for title, key in (
            ("dair-ai/emotion, best of its six emotions", "benchmark"),
            ("GoEmotions, texts of exactly one emotion", "goemotions"),
        )
    )
    return f"""\
# Model card: {name}

Scores a short English text for {len(emotions)} emotions: {", ".join(emotions)}.

**Not a diagnostic device.** It guesses what emotion a text expresses, is wrong about one natural
text in three, and says nothing about a person's health. Do not decide about people by it.

## What it is

{network.encoder_layers} transformer layers of all-MiniLM-L6-v2 ({network.hidden} wide), a
{network.lstm_layers}-layer bidirectional LSTM ({network.lstm_hidden} a direction),
{network.attention_heads}-head self-attention, attention pooling, one linear layer.
{n_bytes / 1e6:.1f} MB of ONNX: weights in eight bits, activations rounded per token at run time,
so that a score does not depend on the texts scored beside it. Texts longer than the window are
split and pooled.

## Trained on

dair-ai/emotion "split" and GoEmotions, their training parts, without any text that stands in a
validation or test part. GoEmotions' labels are mapped: admiration, amusement, approval, excitement,
gratitude, joy, optimism, pride, relief to joy; caring, desire, love to love; anger, annoyance,
disapproval to anger; disappointment, embarrassment, grief, remorse, sadness to sadness; fear,
nervousness to fear; confusion, curiosity, realization, surprise to surprise. Disgust is left out:
its column stays empty. {config["epochs"]} epochs, loss {config["loss"]}, seed {config["seed"]}.

Terms: see LICENSE. The dair-ai data is for research and education only.

## How good it is

| test set | texts | accuracy | macro-F1 | calibration error |
|---|---|---|---|---|
{rows}

Against the float32 network, by the largest probability difference of each of {parity["n"]} test
texts: median {parity["median_difference"]:.4f}, 99 % under {parity["p99_difference"]:.4f}, worst
{parity["max_difference"]:.4f}; the same top label on {100 * parity["same_label"]:.2f} %.
{effect["n"]} texts alone, in random and in sorted batches differ by {effect["max_difference"]:.5f}
at most.

## Where it fails

- Sarcasm, quotations, and emotions named but not felt. The benchmark is nearly lexical: the word
  "angry" weighs more than who is.
- Negation ("not happy") is learned from few examples.
- Trained on tweets that say "i feel ..." and on Reddit comments of about 2018-2020: other genres,
  dialects and newer slang are judged worse, and nobody has measured how evenly across groups.
- English only. Other languages are refused where the check is sure, from four words on.
"""


def _row(title: str, figures: Mapping[str, Any]) -> str:
    numbers = (figures["accuracy"], figures["macro_f1"], figures["calibration_error"])
    return f"| {title} | {figures['n']} | " + " | ".join(f"{x:.3f}" for x in numbers) + " |"
