"""What each utterance's context is: the whole dialogue, its past, or nothing.

A view is a row of utterances that the dialogue layer reads in one go. With the whole dialogue
as context a view is a dialogue, and every utterance is read out of it. With the past only, every
utterance has a view of its own that ends with it, so that what comes later, and what is older
than the window, cannot touch its score. Without context a view is one utterance.

Shapes: N utterances in the batch, V views, W utterances of the longest view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import torch
from torch import Tensor

Context = Literal["dialogue", "past", "none"]

#: Utterances of a view in past-only mode, the scored one included: what the stream can give.
PAST_WINDOW: Final = 10
#: Longer dialogues are read in pieces.
LONGEST_VIEW: Final = 64
#: Speakers told apart within a view; all further ones share the last number.
N_SPEAKERS: Final = 8


@dataclass(frozen=True, slots=True)
class Views:
    """Index tensors over the N utterances of a batch of dialogues, in their order."""

    #: int64 (V, W): utterances of each view; 0 behind a view's end.
    rows: Tensor
    #: int64 (V,), 1..W.
    lengths: Tensor
    #: int64 (V, W): speakers by number, see `speaker_numbers`.
    speakers: Tensor
    #: int64 (V, W): 1 after an utterance of the same speaker, 0 after another's, 2 at the start.
    turns: Tensor
    #: int64 (N,) each: in which view, and where in it, utterance n is read out.
    read_view: Tensor
    read_place: Tensor


def make_views(
    dialogues: Sequence[Sequence[str]], context: Context, *, window: int = PAST_WINDOW
) -> Views:
    """Return the views of dialogues given as the speakers of their utterances.

    Raises:
        ValueError: when there is no utterance, or the window holds none.
    """
    if window < 1 or not any(dialogues):
        raise ValueError(f"expected utterances and a window of 1 or more, found {window!r}")
    spans: list[tuple[int, int]] = []  # first and past-the-last utterance of each view
    reads: list[tuple[int, int]] = []
    speakers_of = [speaker for dialogue in dialogues for speaker in dialogue]
    start = 0
    for dialogue in dialogues:
        end = start + len(dialogue)
        if context == "dialogue":
            for piece in range(start, end, LONGEST_VIEW):
                stop = min(piece + LONGEST_VIEW, end)
                reads += [(len(spans), place) for place in range(stop - piece)]
                spans.append((piece, stop))
        else:
            size = window if context == "past" else 1
            for last in range(start, end):
                first = max(start, last + 1 - size)
                reads.append((len(spans), last - first))
                spans.append((first, last + 1))
        start = end
    width = max(stop - first for first, stop in spans)
    rows, speakers, turns = (torch.zeros(len(spans), width, dtype=torch.int64) for _ in range(3))
    for view, (first, stop) in enumerate(spans):
        names = speakers_of[first:stop]
        rows[view, : stop - first] = torch.arange(first, stop)
        numbers = speaker_numbers(names, from_end=context == "past")
        speakers[view, : stop - first] = torch.tensor(numbers)
        same = [2, *(int(a == b) for a, b in pairwise(names))]
        turns[view, : stop - first] = torch.tensor(same)
    return Views(
        rows=rows,
        lengths=torch.tensor([stop - first for first, stop in spans]),
        speakers=speakers,
        turns=turns,
        read_view=torch.tensor([view for view, _ in reads]),
        read_place=torch.tensor([place for _, place in reads]),
    )


def speaker_numbers(names: Sequence[str], *, from_end: bool) -> list[int]:
    """Number speakers by when they first speak, counted from the view's start or from its end.

    No name and no identity beyond the view goes in, so nothing of a speaker can be learned by
    heart. From the end, 0 is always whoever says the utterance that is scored.
    """
    ordered = dict.fromkeys(reversed(names) if from_end else names)
    numbers = {name: min(place, N_SPEAKERS - 1) for place, name in enumerate(ordered)}
    return [numbers[name] for name in names]
