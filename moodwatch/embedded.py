"""The queue server of a machine that has none: a real Valkey, one for each SQLite database.

Every command that needs the queue calls `start_or_attach` and, at its end, `stop_if_last`. Who
holds the server is told by file locks, which the system drops even for a command that was killed;
a server whose owner was killed lives on, and the next command finds it by what is written beside
the database. Nothing here is reached when MOODWATCH_REDIS_URL is set.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from moodwatch.errors import ExitCode, UserError
from moodwatch.queue_server import (
    ADVICE,
    answers,
    is_alive,
    locked,
    open_lock,
    recorded_socket,
    server_binary,
    shut_down,
    socket_path,
    start_unless_alive,
)

try:  # Windows has neither locks of this kind nor the server
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = None  # type: ignore[assignment]


class EmbeddedServer:
    """A hold on the server of one database; others may hold it at the same time."""

    def __init__(self, socket: Path, folder: Path, hold: int) -> None:
        self.url = _url_of(socket)
        self._socket = socket
        self._folder = folder
        self._hold: int | None = hold

    def ensure_running(self) -> bool:
        """Start the server again if something killed it, at the same url; say whether it was.

        What it had queued since its last second on disk is in the ledger still.
        """
        with locked(self._folder / "lock"):
            return start_unless_alive(self._folder, self._socket)

    def stop_if_last(self) -> bool:
        """Let go of the server; stop it, and say so, when nobody else holds it."""
        if self._hold is None:
            return False
        hold, self._hold = self._hold, None
        try:
            with locked(self._folder / "lock"):
                fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shut_down(self._folder, self._socket)
        except BlockingIOError:
            return False
        except FileNotFoundError:
            # Somebody removed the folder, and with it every way to find this server.
            shut_down(None, self._socket)
        finally:
            os.close(hold)
        return True


def start_or_attach(db_path: Path) -> EmbeddedServer:
    """Return a hold on the running server of the database at `db_path`; start one if none runs.

    Its files lie in `<db_path>.queue/`, its socket in a folder of the user's own under the
    temporary directory. Commands that start at the same time agree on one server.

    Raises:
        UserError: when this platform has no embedded server, or it does not start.
    """
    database = db_path.resolve()
    folder = _folder_of(database)
    server_binary()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(folder / "lock"):
            hold = open_lock(folder / "holders")
            try:
                fcntl.flock(hold, fcntl.LOCK_SH)
                if is_alive(folder):
                    # Where it is, which another TMPDIR would not tell.
                    socket = recorded_socket(folder) or socket_path(database)
                else:
                    socket = socket_path(database)
                start_unless_alive(folder, socket)
            except BaseException:
                os.close(hold)
                raise
            return EmbeddedServer(socket, folder, hold)
    except OSError as error:
        raise UserError(
            f"no embedded queue server beside {str(database)!r}: {error.strerror} "
            f"({error.filename!r}); {ADVICE}",
            ExitCode.QUEUE,
        ) from error


def running_server(db_path: Path) -> str | None:
    """Return the URL of the database's server if one runs; starts none and holds none."""
    socket = recorded_socket(_folder_of(db_path.resolve()))
    return _url_of(socket) if socket is not None and answers(socket) else None


def _folder_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.queue")


def _url_of(socket: Path) -> str:
    return f"unix://{quote(str(socket))}"
