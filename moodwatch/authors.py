"""Whose entries are meant: names as in the files become the pseudonyms that are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moodwatch.errors import UserError
from moodwatch.services import load_salt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from moodwatch.settings import Settings

#: As `reporting.monitored.ALL_AUTHORS`, which the roof must not load to read a setting.
ALL: Final = "all"
#: Likewise `MOST_AUTHORS`.
MOST: Final = 50


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of a comma-separated list."""
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def pseudonym_of(settings: Settings, name: str) -> str:
    """Return what is stored of a name; the same for as long as the salt is."""
    from ingest.keys import pseudonym

    return pseudonym(name, load_salt(settings))


def author_ids(settings: Settings, engine: Engine, names: Sequence[str]) -> tuple[str, ...]:
    """Return the pseudonyms of names; a pseudonym that is stored, and `all`, are left as they are.

    The salt is read only where a name needs it: who gives pseudonyms needs none.

    Raises:
        UserError: for more authors than can be watched.
    """
    from db.excerpts import known_authors

    asked = [name for name in names if name != ALL]
    if len(asked) > MOST:
        raise UserError(f"expected at most {MOST} authors to watch, found {len(asked)}")
    stored = known_authors(engine, asked)
    return tuple(
        name if name == ALL or name in stored else pseudonym_of(settings, name) for name in names
    )


def strangers(settings: Settings, engine: Engine, names: Sequence[str]) -> list[str]:
    """Return those by whom there is no message: misspelt, or of another salt."""
    from db.excerpts import known_authors

    ids = author_ids(settings, engine, names)
    stored = known_authors(engine, ids)
    return [
        name for name, known in zip(names, ids, strict=True) if name != ALL and known not in stored
    ]
