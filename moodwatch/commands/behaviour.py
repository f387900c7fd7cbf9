"""`moodwatch behaviour`: what a bundle can do with negation, noise and names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moodwatch.commands import options
from moodwatch.console import err, out, print_json, print_table

if TYPE_CHECKING:
    from training.behaviour.suite import SuiteReport


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Train")(behaviour)


def behaviour(
    bundle: Annotated[
        Path | None, typer.Argument(help="Bundle or run. Default: the shipped bundle")
    ] = None,
    device: options.Device = None,
    failures: Annotated[
        bool, typer.Option("--failures", help="Also list every case that did not hold")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Try a bundle on hand-written minimal pairs, noisy writing and changed names.

    A pair passes only if both halves do; the bar for a capability is 90 %. Scores should move by
    no more than .03 on average when only a name or a pronoun changes. The exit code is 0 whatever
    the figures are.

    [bold]Examples[/]

      moodwatch behaviour

      moodwatch behaviour --failures runs/mine/bundle

      moodwatch behaviour --json | jq .below_bar
    """
    from moodwatch.commands.judging import load_model
    from training.behaviour.suite import emotions_asked, run_suite

    scorer = load_model(bundle, device)
    if missing := [emotion for emotion in emotions_asked() if emotion not in scorer.emotions]:
        note = f"note: {scorer.model_name} does not score {', '.join(missing)}: what is about them"
        err.print(f"{note} cannot pass", markup=False)
    report = run_suite(scorer.score)
    if as_json:
        print_json({"model": scorer.model_name, **report.to_json(with_failures=failures)})
        return
    out.print(f"model: {scorer.model_name}", markup=False)
    _print(report, with_failures=failures)


def _print(report: SuiteReport, *, with_failures: bool) -> None:
    rows = [*report.capabilities, report.of_kind("negation")]
    print_table(
        ["capability", "passed", "of", "rate", "95 %", "what it is"],
        [
            (
                row.capability,
                row.n_passed,
                row.n,
                f"{row.rate:.0%}",
                "{:.0%} to {:.0%}".format(*row.interval),
                row.about or "every minimal pair of negation and contrast",
            )
            for row in rows
        ],
    )
    out.print()
    print_table(
        ["bias", "mean move", "of the top", "flipped", "widest gap", "bar"],
        [
            (
                name,
                f"{bias.mean_move:.4f}",
                f"{bias.mean_move_of_top:.4f}",
                f"{bias.share_flipped:.1%}",
                "{}: {} {:+.3f}".format(*bias.widest_gap),
                "kept" if bias.is_within_bar else "missed",
            )
            for name, bias in (("names", report.names), ("pronouns", report.pronouns))
        ],
    )
    if not with_failures:
        return
    for result in report.capabilities:
        for failure in result.failures:
            out.print(f"\n{result.capability}: {failure.reason}", markup=False)
            for text, found in zip(failure.texts, failure.found, strict=True):
                out.print(f"  {found or 'unsupported'}: {text}", markup=False)
