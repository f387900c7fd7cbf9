"""Named exit codes of the command and the error a user can mend; imported by every command."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says when it ends; the table in the README names the same."""

    OK = 0
    #: The work ended but not all of it succeeded (chunks given up, a check of `doctor` failed).
    INCOMPLETE = 1
    #: Wrong arguments or settings.
    USAGE = 2
    #: A file could not be read as messages.
    INPUT = 3
    #: The database is missing, unreachable, or of another version; or the query is wrong.
    DATABASE = 4
    #: No Redis could be reached or started.
    QUEUE = 5
    #: The model bundle is missing, damaged or of another kind.
    BUNDLE = 6
    #: Workers died again and again.
    WORKER = 7
    #: Ctrl-C or SIGTERM; the same command goes on where it stopped.
    INTERRUPTED = 130


class UserError(Exception):
    """Something the user can mend: printed as one line, never as a traceback."""

    def __init__(self, message: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.code = code
