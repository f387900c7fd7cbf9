"""The report as Markdown, for wikis, mails and issues: sentences and tables, no charts."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

from reporting.comparison import Comparison
from reporting.corrected import Corrected
from reporting.explain import WordChange
from reporting.render import Change, Kept, Page
from reporting.sentences import bucket_name, interval, percent, points
from reporting.series import Shift

#: What Markdown, or HTML within it, would take for more than text.
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]|~]|^[#+-]|(?<=^\d)[.)])")


def escaped(text: str) -> str:
    """Return text as it stands: no markup, no link, no second line."""
    one_line = " ".join(text.split())
    # Entities, because not every renderer heeds `\\<`. A bare address becomes a link on many
    # sites: a zero-width joiner keeps it text.
    plain = html.escape(_MARKUP.sub(r"\\\1", one_line), quote=False)
    return plain.replace("://", ":\u200d//")


def markdown(page: Page) -> str:
    """Return the document."""
    parts = [f"# {escaped(page.title)}", escaped(page.subtitle)]
    parts += [
        f"**{escaped(line)}**" if place == 0 else escaped(line)
        for place, line in enumerate(page.headlines)
    ]
    parts.append("## Mood shifts")
    parts += [_change(change) for change in page.changes] or ["None was flagged."]
    if page.seen_afterwards:
        parts.append("### Seen afterwards, not an alarm")
        parts += [_change(change) for change in page.seen_afterwards]
    parts += [escaped(note) for note in page.shift_notes]
    if page.alarms:
        parts += ["## More or fewer messages than usual", _list(page.alarms)]
    if page.comparison is not None:
        parts += [f"## Against the {page.period} before", _comparison(page.comparison, page)]
    if page.corrected is not None:
        parts.append("## Corrected for the model's known mistakes")
        if page.corrected.fits:
            parts.append(_corrected(page.corrected, page))
        parts.append(escaped(page.corrected_help))
    if page.words:
        parts.append("## Words that mark each emotion")
        parts.append(
            _table(
                ("emotion", "words (texts)"),
                [
                    (emotion, ", ".join(f"{escaped(w.word)} ({w.n_with:,})" for w in words))
                    for emotion, words in page.words
                ],
            )
        )
    parts.append("## How good the data is")
    facts = [(f.name, escaped(f.value), escaped(f.meaning)) for f in page.quality]
    parts.append(_table(("what", "count", "meaning"), facts))
    if page.rejects:
        parts.append("### Why rows were rejected")
        told = [(one.reason, one.source, one.file, one.n, one.rows) for one in page.rejects]
        parts.append(
            _table(
                ("reason", "source", "file", "rows", "for example row"),
                [tuple(map(escaped, line)) for line in told],
            )
        )
    if page.by_source:
        parts.append("### By source")
        of_each = [
            (escaped(one.source), one.scored, one.unsure, one.unscored) for one in page.by_source
        ]
        parts.append(_table(("source", "scored", "low confidence", "not scored"), of_each))
    parts += [escaped(note) for note in page.notes]
    parts += ["## How to read this", _list(page.reading)]
    parts += ["## What this does not do", _list(page.limits)]
    parts += ["---", escaped(page.method), escaped(page.made)]
    return "\n\n".join(parts) + "\n"


def _change(change: Change) -> str:
    parts = [f"### {escaped(change.heading)}", escaped(f"{change.sentence} {change.standing}")]
    mood = [shift for shift in change.shifts if shift.kind == "mood"]
    if mood:
        columns = (
            "emotion", "before", "after", "odds", "messages", "severity", "held for", "state",
            "shift",
        )  # fmt: skip
        known = [_shift(shift, kept) for shift, kept in change.known if shift.kind == "mood"]
        parts.append(_table(columns, known))
    for name, words in (("Words used more", change.more), ("Words used less", change.less)):
        if words:
            parts.append(f"{name}: {', '.join(_word(word) for word in words)}")
    for emotion, authors in change.authors:
        told = ", ".join(f"{escaped(o.name)} ({o.n_before} → {o.n_after})" for o in authors)
        parts.append(f"Authors whose part in {emotion} changed most: {told}")
    for heading, examples in change.examples:
        quotes = "\n>\n".join(
            f"> {escaped(example.text)} ({example.day}, {example.score:.2f})"
            for example in examples
        )
        parts.append(f"{escaped(heading)}:\n\n{quotes}")
    return "\n\n".join(parts)


def _shift(shift: Shift, kept: Kept | None) -> tuple[str, ...]:
    before, after = percent(shift.share_before), percent(shift.share_after)
    if shift.interval_before is not None:
        before += f" ({interval(shift.interval_before)})"
    if shift.interval_after is not None:
        after += f" ({interval(shift.interval_after)})"
    odds = f"{shift.odds_ratio:.2g} times"
    severity = f"{shift.severity} of 10"
    held = "" if shift.persistence_days is None else f"{shift.persistence_days:,} days"
    state, number = (shift.state, "") if kept is None else (kept.state, str(kept.id))
    return shift.emotion, before, after, odds, f"{shift.n:,}", severity, held, state, number


def _word(word: WordChange) -> str:
    return f"{escaped(word.word)} ({word.n_before} → {word.n_after})"


def _comparison(comparison: Comparison, page: Page) -> str:
    rows = []
    for moved in comparison.moved:
        low, high = map(points, moved.change_interval)
        rows.append(
            (
                moved.emotion,
                f"{percent(moved.share)} ({interval(moved.interval)})",
                percent(moved.before),
                f"{points(moved.change)} ({low} to {high})",
                ("more" if moved.change > 0 else "less") if moved.is_clear else "unclear",
            )
        )
    told = (
        f"{bucket_name(comparison.start, page.period)} ({comparison.n:,} messages) against "
        f"{bucket_name(comparison.before, page.period)} ({comparison.n_before:,}); 95 % intervals "
        "in brackets, changes in percentage points; unclear: could be chance"
    )
    table = _table(("emotion", "share", "before", "change", "verdict"), rows)
    return f"{escaped(told)}\n\n{table}"


def _corrected(corrected: Corrected, page: Page) -> str:
    rows = [
        (
            row.emotion,
            f"{percent(row.share)} ({interval(row.interval)})",
            f"{percent(row.corrected)} ({interval(row.corrected_interval)})",
        )
        for row in corrected.shares
    ]
    told = (
        f"{bucket_name(corrected.start, page.period)} ({corrected.n:,} messages); 95 % intervals "
        "in brackets"
    )
    return f"{escaped(told)}\n\n{_table(('emotion', 'counted', 'corrected'), rows)}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)
