"""Why a worker process ended; the supervisor and service managers read them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `worker.process`.

    The command's own codes (`moodwatch.errors`) end below 10 and at 130; these start at 70.
    """

    #: Told to stop, or the queue was empty in burst mode.
    OK = 0
    #: Redis could not be reached within the time allowed at the start.
    QUEUE_UNREACHABLE = 70
    #: Redis went away while a job was at work; a new process takes over where it stopped.
    QUEUE_LOST = 71
    #: The running job was past timeout and grace and did not let itself be interrupted.
    JOB_STUCK = 72
    #: A second signal: the running job was put back and left at once.
    STOPPED_AT_ONCE = 73
    #: An error nobody expected; the log names it.
    CRASHED = 74
    #: A living worker has the same name.
    NAME_TAKEN = 75
