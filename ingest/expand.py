"""The files of a directory, in a fixed order."""

from __future__ import annotations

import os
from pathlib import Path


def expand(path: Path, notes: list[str] | None = None) -> list[Path]:
    """Return the files under a directory, sorted by path; a file gives itself.

    Hidden files and folders are passed over, as are those that cannot be read and whatever is no
    regular file (pipes, sockets); `notes` receives a sentence for each but the hidden ones.
    """
    if not path.is_dir():
        return [path]
    said = notes if notes is not None else []
    found: list[Path] = []

    def refused(error: OSError) -> None:
        said.append(f"{error.filename}: folder cannot be read, passed over")

    for folder, folders, names in os.walk(path, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            file = Path(folder, name)
            if name.startswith("."):
                continue
            if not file.is_file():
                said.append(f"{file}: no regular file, passed over")
            elif not os.access(file, os.R_OK):
                said.append(f"{file}: cannot be read, passed over")
            else:
                found.append(file)
    return sorted(found)
