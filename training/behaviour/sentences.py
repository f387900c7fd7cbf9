"""The sentences of the suite as read from its JSON files. No scoring here.

An *expectation* is the set of emotions that nearly every reader would accept as the top one.
Disgust is read as anger everywhere, as in `model.labels`; joy and love pass for each other in
the pairs, which ask for the side a text is on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal

from records import Emotion, Status

#: Minimal pairs of negation and contrast.
NEGATION_FILE: Final = "negation.json"
#: Every file of sentences; SHA256SUMS names the same.
SUITE_FILES: Final = (NEGATION_FILE, "signs.json", "invariance.json", "texts.json", "names.json")


@dataclass(frozen=True, slots=True)
class Half:
    """One text of a pair, or a text by itself, and what may be said of it."""

    text: str
    #: Any of them may be the top emotion; empty where only `status` is asked for.
    top: frozenset[Emotion]
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """How far the summed score of `emotions` must at least move from first to second."""

    emotions: tuple[Emotion, ...]
    #: Score, -1..1; negative where it must fall.
    by: float


@dataclass(frozen=True, slots=True)
class Pair:
    first: Half
    second: Half
    change: Change


@dataclass(frozen=True, slots=True)
class Variant:
    """A text and the same text written another way: the top emotion must stay."""

    plain: Half
    written: str


#: What each kind of capability is made of.
Case = Pair | Variant | Half


@dataclass(frozen=True, slots=True)
class Capability:
    name: str
    kind: Literal["negation", "signs", "invariance", "texts"]
    about: str
    cases: tuple[Case, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text of it, in order."""
        return tuple(text for case in self.cases for text in texts_of(case))


@dataclass(frozen=True, slots=True)
class Filled:
    """A template and its text for each name or pronoun, by group."""

    template: str
    #: Group → its texts, as many in every group.
    texts: dict[str, tuple[str, ...]]


def texts_of(case: Case) -> tuple[str, ...]:
    """Return the one or two texts of a case."""
    if isinstance(case, Pair):
        return case.first.text, case.second.text
    if isinstance(case, Variant):
        return case.plain.text, case.written
    return (case.text,)


def load_capabilities() -> tuple[Capability, ...]:
    """Return all capabilities, negation and contrast first."""
    read: list[Capability] = []
    for group in _document(NEGATION_FILE):
        read.append(_capability(group, "negation", [_pair(row) for row in group["pairs"]]))
    for group in _document("signs.json"):
        read.append(_capability(group, "signs", [_pair(row) for row in group["pairs"]]))
    for group in _document("invariance.json"):
        cases = [Variant(_half(row), row["variant"]) for row in group["cases"]]
        read.append(_capability(group, "invariance", cases))
    for group in _document("texts.json"):
        read.append(_capability(group, "texts", [_half(row) for row in group["texts"]]))
    return tuple(read)


def load_names() -> tuple[Filled, ...]:
    """Return the templates filled with names, by origin and gender."""
    document = _document("names.json")
    return tuple(
        Filled(
            template,
            {
                group: tuple(template.format(name=name) for name in names)
                for group, names in document["names"].items()
            },
        )
        for template in document["name_templates"]
    )


def load_pronouns() -> tuple[Filled, ...]:
    """Return the templates filled with she, he and they."""
    document = _document("names.json")
    return tuple(
        Filled(
            template,
            {group: (template.format(**forms),) for group, forms in document["pronouns"].items()},
        )
        for template in document["pronoun_templates"]
    )


def _document(name: str) -> Any:
    return json.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _capability(
    group: dict[str, Any],
    kind: Literal["negation", "signs", "invariance", "texts"],
    cases: list[Pair] | list[Variant] | list[Half],
) -> Capability:
    return Capability(group["capability"], kind, group["about"], tuple(cases))


def _pair(row: dict[str, Any]) -> Pair:
    change = Change(tuple(row["change"]["emotions"]), row["change"]["by"])
    return Pair(_half(row["first"]), _half(row["second"]), change)


def _half(row: dict[str, Any]) -> Half:
    return Half(row["text"], frozenset(row.get("top", ())), row.get("status"))
