"""More training texts out of those there are: synonyms, noisy writing, other names, made sentences.

`augmented` only adds: every example it is given comes back first and unchanged. It is for the
training part alone; `exclude` keeps out whatever stands in a test. What is added is read in every
epoch, or each epoch gets its own: a text read once is not learned by heart.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import structlog

from records import Emotion
from training.augmenting.protected import protected_words
from training.augmenting.synonyms import Thesaurus, load_wordnet
from training.data import Example, fingerprint, only_emotions
from training.phrases import generate
from training.phrases.draw import Draw
from training.phrases.noise import STYLES, with_smiley
from training.phrases.swaps import swapped

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """How much of what is added; shares count against the texts given."""

    #: Texts that get a copy with synonyms, 0..1; above 0 needs NLTK's WordNet.
    synonym_share: float = 0.0
    #: Share of a copy's words that are replaced, at least one.
    synonym_rate: float = 0.1
    #: Words never replaced; None derives them from WordNet and the texts.
    protected: frozenset[str] | None = None
    #: Made sentences of negation, contrast, plain facts and the like.
    negation_share: float = 0.0
    #: Of the made sentences, how many are written noisily.
    made_noise_share: float = 0.35
    #: Texts that get a copy in capitals, with slips, hashtags, smileys and the like, 0..1.
    noise_share: float = 0.0
    #: Texts that get a copy about another name or gender, 0..1, of those that have one.
    swap_share: float = 0.0


def augmented(
    examples: Sequence[Example],
    config: AugmentConfig,
    *,
    seed: int,
    epochs: int | None = None,
    emotions: Collection[Emotion] | None = None,
    exclude: Collection[str] = (),
) -> list[Example]:
    """Return the examples and, after them, what is made of them; the same by seed.

    Args:
        examples: The training part, held-out texts already dropped.
        config: What to add.
        seed: Of every choice. Each kind has its own, so that one does not change another.
        epochs: So many epochs get texts of their own, each as many as the shares say; None: what
            is added is for all of them.
        emotions: Those the network scores; made sentences of others are left out. By default those
            that the examples have: a benchmark of six gets no neutral sentences.
        exclude: Fingerprints (`training.data.fingerprint`) of texts that must not be added.

    Raises:
        DataError: when synonyms are asked for and WordNet is not installed.
        ValueError: when a share is out of its range.
    """
    _check(config)
    n_rounds = epochs or 1
    makers: dict[str, Callable[[random.Random], list[Example]]] = {}
    if config.synonym_share:
        thesaurus = _thesaurus(examples, config)
        makers["synonyms"] = lambda order: _with_synonyms(examples, config, thesaurus, order)
    if config.noise_share:
        makers["noise"] = lambda order: _with_noise(examples, config.noise_share, order)
    if config.swap_share:
        makers["swaps"] = lambda order: _with_swaps(examples, config.swap_share, order)
    added = {
        kind: [make(order) for order in _orders(seed, kind, n_rounds)]
        for kind, make in makers.items()
    }
    if n_made := n_rounds * round(config.negation_share * len(examples)):
        made = generate(n_made, seed=seed, noise_share=config.made_noise_share, exclude=exclude)
        sentences = [phrase.as_example() for phrase in made]
        added["made"] = [sentences[round_::n_rounds] for round_ in range(n_rounds)]
    excluded = frozenset(exclude)
    if emotions is None:
        emotions = {emotion for example in examples for emotion in example.emotions}
    result = list(examples)
    for kind, rounds in added.items():
        for epoch, found in enumerate(rounds):
            scored = only_emotions(found, tuple(emotions))
            kept = [example for example in scored if fingerprint(example.text) not in excluded]
            log.info("texts_added", kind=kind, n=len(kept), epoch=epoch + 1 if epochs else "all")
            own = epoch if epochs else None
            result += [replace(example, epoch=own, is_added=True) for example in kept]
    return result


def _check(config: AugmentConfig) -> None:
    for name in ("synonym_share", "synonym_rate", "made_noise_share", "noise_share", "swap_share"):
        value = getattr(config, name)
        if not 0 <= value <= 1:
            raise ValueError(f"expected {name} from 0 to 1, found {value!r}")
    if config.negation_share < 0:
        raise ValueError(f"expected negation_share of 0 or more, found {config.negation_share!r}")


def _orders(seed: int, kind: str, n_rounds: int) -> list[random.Random]:
    """Return one source of choices a round; the first is the same however many follow."""
    return [
        random.Random(f"{seed} {kind}" + (f" {round_}" if round_ else ""))  # noqa: S311 (seedable)
        for round_ in range(n_rounds)
    ]


def _some(examples: Sequence[Example], share: float, order: random.Random) -> list[Example]:
    chosen = order.sample(range(len(examples)), round(share * len(examples)))
    return [examples[index] for index in sorted(chosen)]


def _thesaurus(examples: Sequence[Example], config: AugmentConfig) -> Thesaurus:
    wordnet = load_wordnet()
    protected = config.protected
    if protected is None:
        protected = protected_words(examples, wordnet)
    return Thesaurus(wordnet, protected)


def _with_synonyms(
    examples: Sequence[Example],
    config: AugmentConfig,
    thesaurus: Thesaurus,
    order: random.Random,
) -> list[Example]:
    copies = []
    for example in _some(examples, config.synonym_share, order):
        text = thesaurus.rewrite(example.text, config.synonym_rate, order)
        if text is not None:
            copies.append(Example(text, example.emotions))
    return copies


def _with_noise(examples: Sequence[Example], share: float, order: random.Random) -> list[Example]:
    draw = Draw(order)
    copies = []
    for example in _some(examples, share, order):
        # Not every style finds something to change in every text.
        for style in order.sample([*sorted(STYLES), "smiley"], len(STYLES) + 1):
            if style == "smiley":
                text = with_smiley(draw, example.text, example.emotions)
            else:
                text = STYLES[style](draw, example.text)
            if text != example.text:
                copies.append(Example(text, example.emotions))
                break
    return copies


def _with_swaps(examples: Sequence[Example], share: float, order: random.Random) -> list[Example]:
    draw = Draw(order)
    twins = ((example, swapped(draw, example.text)) for example in examples)
    able = [Example(text, example.emotions) for example, text in twins if text is not None]
    return _some(able, share, order)
