"""Sentences made from word lists and frames, or written by hand, whose emotion is known.

They teach what data sets of single labels hardly hold: negation, contrast, wishes and conditions,
plain statements, noisy writing. Written without looking at the suite of `training.behaviour`, so
that the suite still tells what a network learned.
"""

from training.phrases.sentences import CAPABILITIES, WRITTEN, Phrase, generate

__all__ = ["CAPABILITIES", "WRITTEN", "Phrase", "generate"]
