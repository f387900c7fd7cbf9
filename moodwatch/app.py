"""The `moodwatch` command: its name, its global options, and how mistakes are told."""

from __future__ import annotations

import errno
import os
import sys
from importlib.metadata import version
from typing import Annotated, Final

import typer

from moodwatch.commands import (
    behaviour,
    db,
    deriving,
    dialogue,
    explore,
    exporting,
    ingest,
    judging,
    model,
    reporting,
    rescore,
    schedule,
    shifts,
    training,
    worker,
)
from moodwatch.console import err
from moodwatch.errors import ExitCode, UserError
from moodwatch.logs import configure_logs
from moodwatch.settings import load_settings

#: What a disk or its rights refuse to any program: no bug of ours.
_FULL_OR_FORBIDDEN: Final = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM)
)

app = typer.Typer(
    name="moodwatch",
    help="Score short texts for emotions, follow the mood over time, flag the shifts.",
    epilog="First steps: moodwatch run posts.csv, then moodwatch query --help.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for room in (
    ingest,
    worker,
    reporting,
    shifts,
    schedule,
    db,
    model,
    training,
    deriving,
    exporting,
    judging,
    dialogue,
    explore,
    behaviour,
    rescore,
):
    room.register(app)


@app.callback(invoke_without_command=True)
def _global(
    context: typer.Context,
    log_level: Annotated[
        str | None,
        typer.Option(help="Least level logged: debug, info, warning, error", envvar=[]),
    ] = None,
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit")
    ] = False,
) -> None:
    if show_version:
        sys.stdout.write(f"moodwatch {version('moodwatch')}\n")
        raise typer.Exit
    if log_level is not None:
        # So that the processes a command starts log as much as it does.
        os.environ["MOODWATCH_LOG_LEVEL"] = log_level
    settings = load_settings()
    # A service logs what it does; a one-shot command answers on standard output, unless asked.
    is_asked = "log_level" in settings.model_fields_set
    is_service = context.invoked_subcommand in {"worker", "control", "up"}
    configure_logs(settings.log_level if is_asked or is_service else "warning", settings.log_format)


def main() -> None:
    """Run the command; a mistake of the user's becomes one line and a named exit code."""
    try:
        app()
    except SystemExit as ended:
        # Typer makes code 1 of it; that the reader of our output (head, less) has gone is no fault.
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        sys.exit(ExitCode.OK)
    except Exception as error:
        code = _code_of(error)
        if code is None:
            raise
        err.print("[bold red]error:[/] ", end="")
        err.print(_said(error), markup=False)
        sys.exit(code)


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _code_of(error: Exception) -> ExitCode | None:
    """Return the exit code of an error that a user can mend, None for a bug of ours."""
    from db.errors import DatabaseError
    from ingest.errors import ReadError
    from ingest.queue import QueueUnavailableError
    from model.bundle import BundleError
    from moodwatch.supervisor import ChildrenDiedError
    from worker.errors import DeviceFullError

    if isinstance(error, UserError):
        return error.code
    codes = {
        ReadError: ExitCode.INPUT,
        DatabaseError: ExitCode.DATABASE,
        QueueUnavailableError: ExitCode.QUEUE,
        BundleError: ExitCode.BUNDLE,
        ChildrenDiedError: ExitCode.WORKER,
        DeviceFullError: ExitCode.INCOMPLETE,
    }
    if isinstance(error, OSError) and error.errno in _FULL_OR_FORBIDDEN:
        return ExitCode.INCOMPLETE
    return next((code for kind, code in codes.items() if isinstance(error, kind)), None)
