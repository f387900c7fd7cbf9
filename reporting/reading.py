"""What a reader needs to know to read a report's numbers, and what they must not be taken for."""

from __future__ import annotations

from typing import Final

from reporting.trends import Period

#: What the numbers must not be taken for.
LIMITS: Final = (
    (
        "It is not a diagnostic device. It says nothing about any person's health, and must not "
        "be used to judge one."
    ),
    (
        "A score tells what words usually express. Irony, quotations and in-jokes are read "
        "literally, and the model is wrong for a part of all texts."
    ),
    (
        "Shares tell how those who wrote felt, not those who kept silent. A shift tells that "
        "something changed, not why."
    ),
)


def reading_help(period: Period) -> list[str]:
    """Say what the numbers are, for a reader who has seen none of them before."""
    share = (
        "A share of 12 % anger means: of 100 scored messages, 12 had anger as their highest score. "
        "Every message has exactly one highest score, so when one share rises, others must fall; "
        "a shift names only those that moved by themselves."
    )
    interval = (
        "An interval of 9 to 16 % means: so far may the share of these few messages lie from the "
        "share of all that the same people might have written, by chance. Where two intervals "
        "overlap widely, the difference may be chance. The fewer messages, the wider it is."
    )
    trust = (
        "The interval knows chance alone. Messages of one day are more alike than chance, and the "
        "model has its own errors, which it makes every day alike: trust changes over time more "
        "than the level itself, and compare levels of different sources least."
    )
    distrust = (
        f"Do not trust a {period} of fewer than some 30 messages, one that is not over yet, a "
        "time when many messages could not be scored, or one that a single author filled."
    )
    looking = (
        "A shift was tested against its own past, so that chance alone raises few alarms. What "
        "you find by looking through charts and filters was not: look at enough of them, and some "
        "will stand out by chance."
    )
    return [share, interval, trust, distrust, looking]
