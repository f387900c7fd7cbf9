"""How fast the default bundle scores, as ratios taken in one run on one machine.

    python benchmarks/scoring.py [--texts 1500] [--threads 1] [--rounds 3] [--peer]

Compares, on equal texts: our graph in eight bits through the whole scorer (cleaning, language
check, tokenising and all), the same network in float32 torch, and with --peer the named peer: the
transformers `pipeline` on a DistilBERT-size model with random weights at batch 32 (speed does not
depend on what weights hold; needs the extra `train`). Each figure is the best of some rounds, and
rounds are interleaved, so that a busy moment of the machine hits all alike.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence

import torch

from model.bundle import load_bundle
from worker.onnx_scorer import OnnxScorer
from worker.torch_scorer import TorchScorer

_PARTS = (
    "the train was late again", "i love this place so much", "my phone died at noon",
    "what a lovely surprise", "nobody answers and i am furious", "see you on monday then",
    "i am scared of the results", "thanks for everything you did", "it rained the whole day",
    "we finally won the game", "i miss my old dog", "why would anyone say that",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--texts", type=int, default=1_500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", action="store_true", help="also time the transformers pipeline")
    options = parser.parse_args()
    texts = make_texts(options.texts)
    torch.set_num_threads(options.threads)
    bundle = load_bundle()
    ours = OnnxScorer(bundle, threads=options.threads, cache_size=0)
    reference = TorchScorer(bundle, cache_size=0, token_budget=2_048)
    contenders: dict[str, tuple[Callable[[Sequence[str]], object], Sequence[str]]] = {
        "moodwatch, ONNX int8": (ours.score, texts),
        "the same, torch fp32": (reference.score, texts),
    }
    if options.peer:
        # A tenth of the texts: it is that much slower, and rates are compared, not times.
        contenders["pipeline, DistilBERT size"] = (make_peer(), texts[: max(64, len(texts) // 10)])
    rates = measure(contenders, options.rounds)
    for name, rate in rates.items():
        ratio = rates["moodwatch, ONNX int8"] / rate
        print(f"{name:28} {rate:8.0f} messages/s   ours is {ratio:5.2f} times that")


def make_texts(n: int) -> list[str]:
    """Short posts of 1 to 4 phrases, about 20 tokens in the mean, no two alike."""
    order = random.Random(0)
    return [", ".join(order.choices(_PARTS, k=order.randint(1, 4))) + f" {i}" for i in range(n)]


def make_peer() -> Callable[[Sequence[str]], object]:
    """Return the pipeline with its usual settings, on random weights."""
    from tokenizers import Tokenizer
    from transformers import (
        DistilBertConfig,
        DistilBertForSequenceClassification,
        PreTrainedTokenizerFast,
        TextClassificationPipeline,
    )

    tokenizer = Tokenizer.from_str(load_bundle().read("tokenizer.json").decode("utf-8"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        model_input_names=["input_ids", "attention_mask"],
    )
    # transformers leaves much of itself without types.
    config = DistilBertConfig(num_labels=6)  # type: ignore[call-arg]
    model = DistilBertForSequenceClassification(config)
    model.train(False)
    pipeline = TextClassificationPipeline(  # type: ignore[no-untyped-call]
        model=model, tokenizer=wrapped, device="cpu"
    )
    return lambda texts: pipeline(list(texts), batch_size=32)


def measure(
    contenders: dict[str, tuple[Callable[[Sequence[str]], object], Sequence[str]]], rounds: int
) -> dict[str, float]:
    """Return each contender's best rate in messages a second."""
    best = dict.fromkeys(contenders, 0.0)
    for run, texts in contenders.values():
        run(texts[:64])
    for _ in range(rounds):
        for name, (run, texts) in contenders.items():
            started = time.perf_counter()
            run(texts)
            best[name] = max(best[name], len(texts) / (time.perf_counter() - started))
    return best


if __name__ == "__main__":
    main()
