"""Draw distinct sentences, written by hand and from frames, part of them noisily."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from records import Emotion
from training.behaviour.apart import is_near_suite
from training.data import Example, fingerprint
from training.phrases import (
    alone,
    clauses,
    contrast,
    distance,
    emphatic,
    entries,
    expectation,
    negation,
    plain,
    signs,
    times,
    unreal,
)
from training.phrases.draw import Draw
from training.phrases.negation import Labelled
from training.phrases.noise import STYLES, with_smiley
from training.phrases.written import written_sentences

Frame = Callable[[Draw], Labelled]

#: What a sentence exercises → the frames that make it, and its share of all sentences.
CAPABILITIES: Final[Mapping[str, tuple[float, tuple[Frame, ...]]]] = {
    "negation": (
        0.09,
        (
            negation.denied, negation.denied, negation.denied_past, negation.denied_noun,
            negation.denied_cause, negation.no_longer, negation.unloved, negation.unloved,
            negation.neither,
        ),
    ),
    "double_negation": (0.035, (negation.twice, negation.twice, negation.un_words)),
    "height": (0.015, (negation.never_more,)),
    "litotes": (0.035, (negation.understated,)),
    "contrast": (
        0.045,
        (contrast.expected, contrast.expected_thing, contrast.conceded, contrast.others_feel),
    ),
    "time": (0.02, (contrast.then_and_now,)),
    "conditional": (0.025, (plain.supposed, plain.supposed, plain.asked)),
    "neutral": (0.025, (plain.stated,)),
    "plain": (0.05, (plain.said,)),
    "distance": (
        0.14,
        (
            distance.denied_cause, distance.denied_self, distance.denied_cause,
            distance.denied_self, distance.not_as_if, distance.affirmed, distance.affirmed,
            distance.affirmed, distance.reported, distance.reported,
        ),
    ),
    "expectation": (
        0.1,
        (
            expectation.feeling_changed, expectation.feeling_changed, expectation.noun_changed,
            expectation.thing_changed, expectation.event_changed,
        ),
    ),
    "past_and_now": (
        0.09, (times.changed, times.changed, times.over, times.still, times.love_changed),
    ),
    "unreal": (0.09, (unreal.condition, unreal.fancied, unreal.wished, unreal.real)),
    "emphatic": (
        0.09, (emphatic.raised, emphatic.particular, emphatic.particular, emphatic.bodily),
    ),
    "signs": (0.06, (signs.decided, signs.decided, signs.matched)),
    "clauses": (
        0.09,
        (
            clauses.granted, clauses.granted, clauses.turned, clauses.rarely, clauses.seldom_so,
            clauses.loving,
        ),
    ),
    "entries": (0.03, (entries.told,)),
    "alone": (0.06, (alone.alone, alone.alone, alone.alone, alone.sign)),
}  # fmt: skip

#: Of all sentences, those written by hand: each once as it stands, then in noisy writing.
WRITTEN_SHARE: Final = 0.75
#: What they are called beside the frames' capabilities.
WRITTEN: Final = "written"
#: A text of fewer letters is mostly signs: another spelling would change what they are.
_FEWEST_LETTERS: Final = 12

#: Draws without a new sentence after which the frames count as exhausted.
_MOST_IN_VAIN: Final = 2_000


@dataclass(frozen=True, slots=True)
class Phrase:
    """A made sentence, its emotions, and what it exercises."""

    text: str
    emotions: tuple[Emotion, ...]
    capability: str
    #: How it is written: a name of `noise.STYLES`, `smiley` or `tidy`.
    style: str

    def as_example(self) -> Example:
        return Example(self.text, self.emotions)


def generate(
    n: int,
    *,
    seed: int,
    noise_share: float = 0.35,
    exclude: Collection[str] = (),
) -> list[Phrase]:
    """Return `n` distinct sentences in random order, the same for the same arguments.

    WRITTEN_SHARE of them are written by hand, the rest come from the frames.
    None shares its words or its template with the behaviour suite, which neither knows.

    Args:
        n: How many.
        seed: Of every choice.
        noise_share: Share of them written in one of the noisy styles.
        exclude: Fingerprints (`training.data.fingerprint`) of texts that must not come out: of
            test parts, or of a suite that is to judge what was learned.

    Raises:
        ValueError: when the frames do not hold that many.
    """
    draw = Draw(random.Random(seed))  # noqa: S311 (a seedable order)
    shares = [share for share, _ in CAPABILITIES.values()]
    excluded = frozenset(exclude)
    written = _in_rounds(draw, written_sentences())
    seen: set[str] = set()
    phrases: list[Phrase] = []
    in_vain = 0
    while len(phrases) < n:
        if draw.chance(WRITTEN_SHARE):
            capability = WRITTEN
            (tidy, emotions), is_again = next(written)
            # The first time as written: many are noisy by themselves.
            share = float(is_again) if noise_share else 0.0
            if sum(map(str.isalpha, tidy)) < _FEWEST_LETTERS:
                share = 0.0
        else:
            (capability,) = draw.order.choices(list(CAPABILITIES), shares)
            tidy, emotions = draw.one(CAPABILITIES[capability][1])(draw)
            # In another spelling a sign is read as another one, or not at all.
            share = 0.0 if capability in {"signs", "alone"} else noise_share
        text, style = _restyled(draw, tidy, emotions, share)
        # Both compared: an excluded sentence does not come back in capitals.
        print_of_tidy, print_of_text = fingerprint(tidy), fingerprint(text)
        is_held_out = {print_of_tidy, print_of_text} & excluded
        if print_of_text in seen or is_held_out or is_near_suite(tidy) or is_near_suite(text):
            in_vain += 1
            if in_vain > _MOST_IN_VAIN:
                raise ValueError(f"expected frames for {n} sentences, found {len(phrases)} in them")
            continue
        in_vain = 0
        seen.add(print_of_text)
        phrases.append(Phrase(text, emotions, capability, style))
    return phrases


def _in_rounds(draw: Draw, sentences: Sequence[Labelled]) -> Iterator[tuple[Labelled, bool]]:
    """Yield the sentences in random order, again and again, and whether one came before."""
    is_again = False
    while True:
        for sentence in draw.order.sample(sentences, len(sentences)):
            yield sentence, is_again
        is_again = True


def _restyled(
    draw: Draw, text: str, emotions: tuple[Emotion, ...], noise_share: float
) -> tuple[str, str]:
    if not draw.chance(noise_share):
        return text, "tidy"
    if draw.chance(0.2):
        return with_smiley(draw, text, emotions), "smiley"
    style = draw.one(sorted(STYLES))
    return STYLES[style](draw, text), style
