"""Run the suite on anything that scores texts, and count what passes, capability by capability.

Needs neither torch nor scikit-learn. The scorer comes from the roof, because it lives in another
room of this floor. Called by `moodwatch behaviour`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from records import EMOTIONS, Emotion, Scores
from training.behaviour.bias import BiasReport, measure_bias
from training.behaviour.sentences import (
    Capability,
    Case,
    Half,
    Pair,
    Variant,
    load_capabilities,
    load_names,
    load_pronouns,
    texts_of,
)

Score = Callable[[Sequence[str]], Sequence[Scores]]

#: A capability is mastered from this pass rate on.
PASS_BAR: Final = 0.9
#: Two-sided 95 %.
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that did not hold: its texts, the top emotion found for each, and why."""

    texts: tuple[str, ...]
    found: tuple[Emotion | None, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class CapabilityResult:
    """How many cases of a capability passed."""

    capability: str
    kind: str
    about: str
    n: int
    n_passed: int
    failures: tuple[Failure, ...]

    @property
    def rate(self) -> float:
        return self.n_passed / self.n

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.n_passed, self.n)

    def to_json(self, *, with_failures: bool) -> dict[str, Any]:
        document: dict[str, Any] = {
            "capability": self.capability,
            "kind": self.kind,
            "about": self.about,
            "n": self.n,
            "passed": self.n_passed,
            "rate": round(self.rate, 4),
            "interval": [round(bound, 4) for bound in self.interval],
        }
        if with_failures:
            document["failures"] = [
                {"texts": list(f.texts), "found": list(f.found), "reason": f.reason}
                for f in self.failures
            ]
        return document


@dataclass(frozen=True, slots=True)
class SuiteReport:
    capabilities: tuple[CapabilityResult, ...]
    names: BiasReport
    pronouns: BiasReport

    def of_kind(self, kind: str) -> CapabilityResult:
        """Return the capabilities of one kind as one, `negation` for all minimal pairs of it."""
        results = [result for result in self.capabilities if result.kind == kind]
        return CapabilityResult(
            capability=f"all {kind}",
            kind=kind,
            about="",
            n=sum(result.n for result in results),
            n_passed=sum(result.n_passed for result in results),
            failures=tuple(failure for result in results for failure in result.failures),
        )

    @property
    def below_bar(self) -> tuple[str, ...]:
        """Capabilities whose pass rate lies under PASS_BAR."""
        return tuple(r.capability for r in self.capabilities if r.rate < PASS_BAR)

    def to_json(self, *, with_failures: bool = False) -> dict[str, Any]:
        return {
            "bar": PASS_BAR,
            "below_bar": list(self.below_bar),
            "negation": self.of_kind("negation").to_json(with_failures=False),
            "capabilities": [r.to_json(with_failures=with_failures) for r in self.capabilities],
            "bias": {"names": self.names.to_json(), "pronouns": self.pronouns.to_json()},
        }


def emotions_asked() -> tuple[Emotion, ...]:
    """Return the emotions that some text of the suite must have as its only top one."""
    asked = {
        emotion
        for capability in load_capabilities()
        for case in capability.cases
        for half in _halves(case)
        if len(half.top) == 1
        for emotion in half.top
    }
    return tuple(emotion for emotion in EMOTIONS if emotion in asked)


def _halves(case: Case) -> tuple[Half, ...]:
    if isinstance(case, Pair):
        return case.first, case.second
    return (case.plain,) if isinstance(case, Variant) else (case,)


def run_suite(score: Score) -> SuiteReport:
    """Score every sentence of the suite once and judge the answers.

    Args:
        score: texts to scores, one a text and in order, as `worker.scorer.Scorer.score`.
    """
    results = tuple(_run(capability, score) for capability in load_capabilities())
    return SuiteReport(
        capabilities=results,
        names=measure_bias(load_names(), score),
        pronouns=measure_bias(load_pronouns(), score),
    )


def wilson(n_passed: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate.

    Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".
    """
    if n == 0:
        return 0.0, 1.0
    rate = n_passed / n
    centre = (rate + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def _run(capability: Capability, score: Score) -> CapabilityResult:
    texts = capability.texts
    found = score(texts)
    if len(found) != len(texts):
        raise ValueError(f"expected scores for {len(texts)} texts, found {len(found)}")
    answers = iter([_Answer.of(scores) for scores in found])
    failures: list[Failure] = []
    for case in capability.cases:
        own = [next(answers) for _ in texts_of(case)]
        if (reason := _judge(case, own)) is not None:
            failures.append(Failure(texts_of(case), tuple(answer.top for answer in own), reason))
    n = len(capability.cases)
    return CapabilityResult(
        capability.name, capability.kind, capability.about, n, n - len(failures), tuple(failures)
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """A text's scores with disgust counted as anger; an emotion not scored counts 0."""

    status: str
    probabilities: dict[Emotion, float]

    @classmethod
    def of(cls, scores: Scores) -> _Answer:
        by_emotion = {e: p or 0.0 for e, p in zip(EMOTIONS, scores.probabilities, strict=True)}
        by_emotion["anger"] += by_emotion.pop("disgust")
        return cls(scores.status, by_emotion)

    @property
    def top(self) -> Emotion | None:
        if self.status != "scored":
            return None
        return max(self.probabilities, key=self.probabilities.__getitem__)

    def sum_of(self, emotions: Sequence[Emotion]) -> float:
        return sum(self.probabilities[emotion] for emotion in emotions)


def _judge(case: Case, answers: Sequence[_Answer]) -> str | None:
    """Return why a case does not hold, None when it does."""
    if isinstance(case, Pair):
        return _judge_pair(case, *answers)
    if isinstance(case, Variant):
        plain, written = answers
        if (reason := _judge_half(case.plain, plain)) is not None:
            return reason
        if written.top != plain.top:
            return f"expected {plain.top} for both, found {written.top} in the second"
        return None
    return _judge_half(case, answers[0])


def _judge_pair(pair: Pair, first: _Answer, second: _Answer) -> str | None:
    for half, answer, which in ((pair.first, first, "first"), (pair.second, second, "second")):
        if (reason := _judge_half(half, answer)) is not None:
            return f"{which}: {reason}"
    moved = second.sum_of(pair.change.emotions) - first.sum_of(pair.change.emotions)
    if moved * math.copysign(1, pair.change.by) < abs(pair.change.by):
        names = "+".join(pair.change.emotions)
        return f"expected {names} to move by {pair.change.by:+.2f} or more, found {moved:+.2f}"
    return None


def _judge_half(half: Half, answer: _Answer) -> str | None:
    if half.status is not None and answer.status != half.status:
        return f"expected status {half.status}, found {answer.status}"
    if half.top and answer.top not in half.top:
        return f"expected {' or '.join(sorted(half.top))}, found {answer.top}"
    return None
