"""Sentences made from word lists and frames, whose emotion is known by how they were made.

They teach what data sets of single labels hardly hold: negation, contrast, wishes and conditions,
plain statements, noisy writing. Written without looking at the suite of `training.behaviour`, so
that the suite still tells what a network learned.
"""

from training.phrases.sentences import CAPABILITIES, Phrase, generate

__all__ = ["CAPABILITIES", "Phrase", "generate"]
