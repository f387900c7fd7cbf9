"""`moodwatch predict`: score one text, or a few typed by hand, and say which words did it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from moodwatch.commands import options
from moodwatch.console import out, print_json
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from moodwatch.explained import Explainer, Explanation
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
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which words carried the score")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Show the emotion of a text and how sure the model is.

    Without TEXT it asks for one after another until `exit`; from a pipe it reads one a line.

    --explain adds what each word did: the probability lost when it alone is left out, and how
    much the network looked at it (attention pooling). That shows what moved the model, not what
    the writer felt.

    [bold]Examples[/]

      moodwatch predict "what a lovely surprise"

      moodwatch predict --explain "i am not happy about the delay"

      moodwatch predict --json "i did not sleep at all"
    """
    from moodwatch.explained import Explainer
    from moodwatch.scorers import load_scorer

    settings = load_settings(bundle=bundle, device=device)
    scorer = load_scorer(settings)
    explainer = Explainer(scorer, settings.bundle) if explain else None
    if text is not None:
        _show(text, scorer, explainer, as_json=as_json)
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
            _show(line, scorer, explainer, as_json=as_json)


def _show(text: str, scorer: Scorer, explainer: Explainer | None, *, as_json: bool) -> None:
    (scores,) = scorer.score([text])
    explanation = explainer.explain(text) if explainer else None
    if as_json:
        document = _document(text, scores, scorer)
        if explainer:
            document["explanation"] = explanation.to_json() if explanation else None
        print_json(document)
        return
    if scores.emotion is None or scores.confidence is None:
        out.print("unsupported: no words, or a language that this model does not know")
        return
    out.print(f"[bold]{scores.emotion}[/]  {scores.confidence:.0%}")
    for emotion, probability in _by_emotion(scores, scorer).items():
        if probability is not None:
            out.print(f"  {emotion:<9} {probability:>6.1%}  {'█' * round(probability * BAR_WIDTH)}")
    if explanation:
        _show_words(explanation)


def _show_words(explanation: Explanation) -> None:
    width = max((len(word.text) for word in explanation.words), default=0)
    attended = " looked at" if explanation.attention_known else ""
    out.print(f"\n  {'':<{width}}  without it{attended}")
    strongest = max((abs(word.effect) for word in explanation.words), default=0) or 1
    for word in explanation.words:
        bar = "█" * round(abs(word.effect) / strongest * BAR_WIDTH / 2)
        looked = f"{word.attention:>10.1%}" if word.attention is not None else ""
        # What is lost without a word is what it added.
        line = f"  {word.text:<{width}}  {-word.effect:>+10.1%}{looked}  {bar}"
        out.print(line, style="green" if word.effect > 0 else "red", markup=False)
    out.print(f"\n{explanation.caveat}", style="dim", markup=False)


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
