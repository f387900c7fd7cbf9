"""The words in a bundle: its model card and its licence file, from what it really learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from records import Emotion

_MINILM: Final = (
    "all-MiniLM-L6-v2 (sentence-transformers; itself from nreimers/MiniLM-L6-H384-uncased)"
)

#: What stands in the name of an encoder → what it is called, and its licence.
_ENCODERS: Final = (
    ("minilm-l6", _MINILM, "Apache License 2.0"),
    ("gte-small", "gte-small (Alibaba DAMO, thenlper/gte-small)", "MIT"),
    ("mpnet-base", "all-mpnet-base-v2 (sentence-transformers; from microsoft/mpnet-base)",
     "Apache License 2.0"),
    ("distilbert-base", "DistilBERT base (Sanh et al. 2019)", "Apache License 2.0"),
    ("distilroberta", "DistilRoBERTa base", "Apache License 2.0"),
    ("roberta-base", "RoBERTa base (Liu et al. 2019)", "MIT"),
    ("albert-base", "ALBERT base (Lan et al. 2019)", "Apache License 2.0"),
    ("mobilebert", "MobileBERT (Sun et al. 2020)", "Apache License 2.0"),
    ("bert-base", "BERT base (Devlin et al. 2018)", "Apache License 2.0"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataTerms:
    """A data set of the field: what it is called, how it was used, what its terms are."""

    title: str
    use: str
    terms: str
    is_research_only: bool = False


_BENCHMARK: Final = DataTerms(
    title="dair-ai/emotion, best of its six emotions",
    use='dair-ai/emotion "split", the benchmark of the field.',
    terms=(
        'dair-ai/emotion, "split" (Saravia et al. 2018, "CARER: Contextualized Affect '
        'Representations for Emotion Recognition"), training texts. It has no licence file; its '
        'authors state: "The dataset should be used for educational and research purposes only."'
    ),
    is_research_only=True,
)
_GOEMOTIONS: Final = DataTerms(
    title="GoEmotions, texts of exactly one emotion",
    use=(
        "GoEmotions. Its labels are mapped: admiration, amusement, approval, excitement, "
        "gratitude, joy, optimism, pride, relief to joy; caring, desire, love to love; anger, "
        "annoyance, disapproval to anger; disappointment, embarrassment, grief, remorse, sadness "
        "to sadness; fear, nervousness to fear; confusion, curiosity, realization, surprise to "
        "surprise. Disgust is left out: its column stays empty."
    ),
    terms=(
        "GoEmotions (Demszky et al. 2020, Google Research), training texts: published under the "
        "Apache License 2.0 with its repository, the data usually cited as CC BY 4.0."
    ),
)
_SENTIMENT140: Final = DataTerms(
    title="Sentiment140, without labels",
    use="Tweets of Sentiment140, without their labels, as teachers answered them.",
    terms=(
        "Sentiment140 (Go, Bhayani & Huang 2009), tweets without labels: no licence file, offered "
        "for research and education."
    ),
    is_research_only=True,
)
_REDDIT: Final = DataTerms(
    title="Reddit comments and posts, without labels",
    use=(
        "Sentences of public Reddit comments of 2005 and 2006 and of posts of 2019, as teachers "
        "answered them."
    ),
    terms=(
        "Public Reddit comments of 2005 and 2006 and posts of 2019 (Pushshift), without labels: no "
        "terms stated."
    ),
)
_KNOWN_DATA: Final[Mapping[str, DataTerms]] = {
    "sentiment140": _SENTIMENT140,
    "reddit": _REDDIT,
    "benchmark": _BENCHMARK,
    "dair-ai/emotion": _BENCHMARK,
    "goemotions": _GOEMOTIONS,
    "go_emotions": _GOEMOTIONS,
    "google-research-datasets/go_emotions": _GOEMOTIONS,
}


def terms_of(name: str) -> DataTerms:
    """Return what is known of a data set by its name; of a user's own, that it is theirs."""
    known = _KNOWN_DATA.get(name.partition(":")[0])
    return known or DataTerms(
        title=name,
        use=f"{name!r}, a data set of whoever trained this.",
        terms=f"{name!r}: a data set of whoever trained this; its terms are theirs to state.",
    )


def licence_text(config: Mapping[str, Any]) -> str:
    """Return the licence file of the network of a run, from its train.json."""
    items = []
    if encoder := _encoder(config):
        items.append(f"{encoder[0]}, the pretrained encoder and its tokenizer: {encoder[1]}.")
    sets = [terms_of(name) for name in config["learned_from"]]
    items += [each.terms for each in sets]
    if config.get("word_vectors"):
        items.append(f"Word vectors from {config['word_vectors']!r}.")
    listed = "\n".join(_wrap(f"{n}. {item}", "   ") for n, item in enumerate(items, start=1))
    forbidding = {each.terms for each in sets if each.is_research_only}
    restricted = [n for n, item in enumerate(items, start=1) if item in forbidding]
    if restricted:
        use = (
            f"Because of {_items(restricted)}, use these weights for education and research only. "
            "Whoever wants another use should train on other data; `moodwatch train --data "
            "goemotions` and `moodwatch export` make one."
        )
    else:
        use = (
            "No data set in this list is known to us to restrict use to research; the terms above "
            "are to be kept all the same."
        )
    return f"""\
Licence of the weights in this folder
=====================================

The MIT licence of moodwatch covers its code, not these weights. They were made from:

{listed}

{_wrap(use)}

The weights come without warranty of any kind. The full text of the Apache License 2.0 stands at
https://www.apache.org/licenses/LICENSE-2.0.
"""


def _items(numbers: Sequence[int]) -> str:
    listed = " and ".join(map(str, numbers))
    return f"item {listed}" if len(numbers) == 1 else f"items {listed}"


def model_card(
    name: str,
    emotions: Sequence[Emotion],
    description: Mapping[str, Any],
    metrics: Mapping[str, Any],
    *,
    n_bytes: int,
    is_int8: bool,
) -> str:
    """Return the model card.

    `description` is the run's network.json; the figures are those of `metrics` (metrics.json).
    """
    parity, effect = metrics["parity"], metrics["batch_effect"]
    config = metrics["training"]["config"]
    sets = [terms_of(each) for each in config["learned_from"]]
    rows = "\n".join(_row(terms_of(key).title, found) for key, found in metrics["test"].items())
    worst = min((found["accuracy"] for found in metrics["test"].values()), default=0.0)
    weights = (
        "weights in eight bits, activations rounded per token at run time, so that a score does "
        "not depend on the texts scored beside it"
        if is_int8
        else "weights in 32 bits"
    )
    what = (
        f"{_network(config, description)} {n_bytes / 1e6:.1f} MB of ONNX: {weights}. Texts longer "
        "than the window are split and pooled."
    )
    trained = (
        f"{' '.join(each.use for each in sets)} Their training parts, without any text that stands "
        f"in a validation or test part. {_recipe(config)}"
    )
    terms = "Terms: see LICENSE."
    if any(each.is_research_only for each in sets):
        terms += " Some of it is for research and education only."
    doubt = (
        "**Not a diagnostic device.** It guesses what emotion a text expresses, is wrong about "
        f"{100 * (1 - worst):.0f} of 100 texts of the hardest test set below, and says nothing "
        "about a person's health. Do not decide about people by it."
    )
    agreement = (
        "Against the float32 network, by the largest probability difference of each of "
        f"{parity['n']} test texts: median {parity['median_difference']:.4f}, 99 % under "
        f"{parity['p99_difference']:.4f}, worst {parity['max_difference']:.4f}; the same top label "
        f"on {100 * parity['same_label']:.2f} %. {effect['n']} texts alone, in random and in "
        f"sorted batches differ by {effect['max_difference']:.5f} at most."
    )
    return f"""\
# Model card: {name}

Scores a short English text for {len(emotions)} emotions: {", ".join(emotions)}.

{_wrap(doubt)}

## What it is

{_wrap(what)}

## Trained on

{_wrap(trained)}

{_wrap(terms)}

## How good it is

| test set | texts | accuracy | macro-F1 | calibration error |
|---|---|---|---|---|
{rows}

{_wrap(agreement)}

## Where it fails

- Sarcasm, quotations, and emotions named but not felt. The benchmark is nearly lexical: the word
  "angry" weighs more than who is.
- Negation and contrast: what passes and what fails is counted by `moodwatch behaviour`.
- It knows the genres it was trained on: other genres, dialects and newer slang are judged worse,
  and nobody has measured how evenly across groups.
- English only. Other languages are refused where the check is sure, from four words on.
"""


def _network(config: Mapping[str, Any], description: Mapping[str, Any]) -> str:
    sizes = description["network"]
    kind = description["kind"]
    if kind in {"ann", "lstm"}:
        between = f"a bidirectional LSTM ({sizes['lstm_hidden']} a direction)"
        return (
            f"Word embeddings ({sizes['embedding']} wide), "
            f"{between if kind == 'lstm' else 'flattened'}, and dense layers of "
            f"{', '.join(map(str, sizes['dense']))}."
        )
    encoder = _encoder(config)
    name = encoder[0].partition(" (")[0] if encoder else "an encoder"
    own = description.get("encoder", {})
    n_layers = sizes.get("encoder_layers") if kind == "mood" else own.get(
        "num_hidden_layers", own.get("n_layers"))  # fmt: skip
    width = sizes.get("hidden") or own.get("hidden_size", own.get("dim"))
    start = f"{n_layers} transformer layers of {name} ({width} wide)"
    if kind == "transformer-plain":
        pooled = "the mean of its tokens" if sizes["pooling"] == "mean" else "its first token"
        return f"{start}, {pooled}, one linear layer."
    return (
        f"{start}, a {sizes['lstm_layers']}-layer bidirectional LSTM ({sizes['lstm_hidden']} a "
        f"direction), {sizes['attention_heads']}-head self-attention, attention pooling, one "
        "linear layer."
    )


def _recipe(config: Mapping[str, Any]) -> str:
    words = f"{config['epochs']} epochs, loss {config['loss']}, seed {config['seed']}."
    if start := config.get("start"):
        words += f" They went on from the weights of {start}."
    if deepened := config.get("deepened"):
        layers = " and ".join(map(str, deepened["after"]))
        words += f" Before, new layers were put behind {layers} of {deepened['model']}."
    if averaged := config.get("averaged"):
        told = ", ".join(f"{part['share']:.2g} of {part['model']}" for part in averaged)
        words += f" Then weights were averaged: {told}."
    if (config.get("augment") or {}).get("negation_share"):
        words += (
            " Sentences of negation, contrast and wishes, written by hand and made from frames by "
            "the authors of moodwatch, were added."
        )
    if teachers := config.get("teachers"):
        words += (
            f" Distilled from {len(teachers)} network{'s' if len(teachers) > 1 else ''} "
            f"({', '.join(teachers)}), {100 * config['teacher_weight']:.0f} % of the loss."
        )
    return words


def _encoder(config: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the name and the licence of a run's encoder, None where it has none."""
    names = [str(config[key]) for key in ("encoder", "encoder_source") if config.get(key)]
    for known, title, licence in _ENCODERS:
        if any(known in name.lower() for name in names):
            return title, licence
    return (repr(names[0]), "its own licence, which is for its user to know") if names else None


def _row(title: str, figures: Mapping[str, Any]) -> str:
    numbers = (figures["accuracy"], figures["macro_f1"], figures["calibration_error"])
    return f"| {title} | {figures['n']} | " + " | ".join(f"{x:.3f}" for x in numbers) + " |"


def _wrap(text: str, indent: str = "") -> str:
    import textwrap

    return textwrap.fill(
        text, 99, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
