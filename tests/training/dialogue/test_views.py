"""What an utterance's context is, and that no speaker is known beyond it."""

from __future__ import annotations

import pytest

from training.dialogue.views import LONGEST_VIEW, N_SPEAKERS, make_views, speaker_numbers

TALK = ["ann", "bob", "ann", "ann", "cy"]


def test_a_whole_dialogue_is_one_view_and_each_utterance_is_read_out_of_it() -> None:
    views = make_views([TALK, ["bob", "ann"]], "dialogue")

    assert views.rows.tolist() == [[0, 1, 2, 3, 4], [5, 6, 0, 0, 0]]
    assert views.lengths.tolist() == [5, 2]
    assert views.read_view.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert views.read_place.tolist() == [0, 1, 2, 3, 4, 0, 1]
    assert views.speakers[0].tolist() == [0, 1, 0, 0, 2]
    assert views.turns[0].tolist() == [2, 0, 0, 1, 0]


def test_a_past_view_ends_with_its_utterance_and_holds_no_more_than_the_window() -> None:
    views = make_views([TALK], "past", window=3)

    assert [row[:n].tolist() for row, n in zip(views.rows, views.lengths, strict=True)] == [
        [0], [0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4],
    ]  # fmt: skip
    assert (views.read_place + 1).tolist() == views.lengths.tolist()
    # Whoever says the scored utterance is number 0.
    assert views.speakers[4].tolist() == [1, 1, 0]


def test_without_context_every_utterance_stands_alone() -> None:
    views = make_views([TALK], "none")

    assert views.rows.tolist() == [[0], [1], [2], [3], [4]]
    assert set(views.speakers.flatten().tolist()) == {0}
    assert set(views.turns.flatten().tolist()) == {2}


def test_other_names_make_the_same_numbers() -> None:
    renamed = [{"ann": "x", "bob": "y", "cy": "z"}[name] for name in TALK]

    for from_end in (False, True):
        assert speaker_numbers(TALK, from_end=from_end) == speaker_numbers(
            renamed, from_end=from_end
        )


def test_a_crowd_shares_the_last_number() -> None:
    numbers = speaker_numbers([str(n) for n in range(20)], from_end=False)

    assert max(numbers) == N_SPEAKERS - 1


def test_a_long_dialogue_is_read_in_pieces() -> None:
    views = make_views([["ann"] * (LONGEST_VIEW + 1)], "dialogue")

    assert views.lengths.tolist() == [LONGEST_VIEW, 1]
    assert views.read_view.tolist()[-1] == 1


def test_nothing_to_read_is_refused() -> None:
    with pytest.raises(ValueError, match="window of 1 or more"):
        make_views([TALK], "past", window=0)
    with pytest.raises(ValueError, match="utterances"):
        make_views([[]], "past")
