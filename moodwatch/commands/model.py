"""`moodwatch predict`: score one text, or a few typed by hand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from moodwatch.commands import options
from moodwatch.console import out, print_json
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from records import Scores
    from worker.scorer import Scorer

#: Width of a full bar in the interactive loop, characters.
BAR_WIDTH = 30


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Start here")(predict)


def predict(
    text: Annotated[str | None, typer.Argument(help="The text; without it, type some")] = None,
    bundle: options.Bundle = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Show the emotion of a text and how sure the model is.

    Without TEXT it asks for one after another until `exit`; from a pipe it reads one a line.

    [bold]Examples[/]

      moodwatch predict "what a lovely surprise"

      moodwatch predict --json "i did not sleep at all"
    """
    from moodwatch.scorers import load_scorer

    scorer = load_scorer(load_settings(bundle=bundle, device=device))
    if text is not None:
        _show(text, scorer, as_json=as_json)
        return
    interactive = sys.stdin.isatty()
    while True:
        try:
            line = input("text> ") if interactive else input()
        except EOFError:
            return
        if line.strip().lower() in {"exit", "quit"}:
            return
        if line.strip():
            _show(line, scorer, as_json=as_json)


def _show(text: str, scorer: Scorer, *, as_json: bool) -> None:
    (scores,) = scorer.score([text])
    if as_json:
        print_json(_document(text, scores, scorer))
        return
    if scores.emotion is None or scores.confidence is None:
        out.print("unsupported: no words, or a language that this model does not know")
        return
    out.print(f"[bold]{scores.emotion}[/]  {scores.confidence:.0%}")
    for emotion, probability in _by_emotion(scores, scorer).items():
        if probability is not None:
            out.print(f"  {emotion:<9} {probability:>6.1%}  {'█' * round(probability * BAR_WIDTH)}")


def _document(text: str, scores: Scores, scorer: Scorer) -> dict[str, object]:
    confidence = scores.confidence
    return {
        "text": text,
        "emotion": scores.emotion,
        "confidence": None if confidence is None else round(confidence, 4),
        "scores": {
            emotion: None if probability is None else round(probability, 4)
            for emotion, probability in _by_emotion(scores, scorer).items()
        },
        "model": scorer.model_name,
    }


def _by_emotion(scores: Scores, scorer: Scorer) -> dict[str, float | None]:
    from records import EMOTIONS

    everything = dict(zip(EMOTIONS, scores.probabilities, strict=True))
    return {emotion: everything[emotion] for emotion in scorer.emotions}
