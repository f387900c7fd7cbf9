"""Which key of a JSON object is the text, which the time; and objects into messages by that choice.

Like `ingest.readers.columns`, but objects are nested and each may hold other keys: `learn` looks at
a sample, `ObjectReader.make` reads one object and finds the text's key anew where the learnt one is
missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ingest.errors import ReadError
from ingest.options import ReadOptions
from ingest.readers.columns import ROLES, flag_of, listing, plain_name, rank_of
from ingest.readers.delimited import joined
from ingest.readers.guess import guess_columns
from ingest.readers.markup import looks_like_html, text_of_html
from ingest.readers.record import MessageMaker
from records import Message

Path = tuple[str, ...]

_MAX_DEPTH: Final = 3
#: Objects that stand for a person, and what in them is the name.
_PEOPLE: Final = frozenset({"user", "author", "account", "from", "sender", "creator", "member"})
_NAMES: Final = ("screenname", "username", "handle", "acct", "login", "name", "displayname")
#: What an object in place of a value means by itself: {"$date": …}, {"rendered": …}.
_INNER: Final = ("$oid", "$date", "$numberLong", "rendered", "value", "text", "id")


class ObjectReader:
    """Make messages of the objects of one file."""

    def __init__(self, options: ReadOptions, maker: MessageMaker) -> None:
        self._options = options
        self._maker = maker
        self._paths: dict[str, Path] = {}
        #: Further keys that held the text where the first one did not.
        self._other_texts: list[Path] = []

    def learn(self, sample: Sequence[Mapping[str, Any]]) -> list[str]:
        """Choose the keys by a sample of objects; return sentences about the choice.

        Raises:
            ReadError: when no key can be the text, or a named one occurs in no object.
        """
        paths = list(dict.fromkeys(path for one in sample for path in paths_of(one)))
        names = [".".join(path) for path in paths]
        asked: dict[str, Path] = {}
        for role in ROLES:
            name = getattr(self._options, f"{role}_column", None)
            if name is not None:
                asked[role] = self._asked(role, name, paths, names)
        found = choose(paths, asked)
        guessed: set[str] = set()
        if "text" not in found:
            found, guessed = self._guessed(sample, found)
        if sample and "text" not in found:
            raise ReadError(
                "no key holds text beyond doubt: name it with --text-column; "
                f"expected one of {listing(names, len(names))}"
            )
        self._paths = found
        taken = [
            f"{role} = {'.'.join(found[role])!r}{' (by its content)' if role in guessed else ''}"
            for role in ROLES
            if role in found
        ]
        return [f"keys taken: {', '.join(taken)}"] if taken else []

    def times_of(self, sample: Sequence[Mapping[str, Any]]) -> list[object]:
        """Return the sample's time values, for the order of day and month."""
        path = self._paths.get("time")
        return [] if path is None else [value_at(one, path) for one in sample]

    def make(self, record: Mapping[str, Any]) -> Message | str:
        """Return the object's message, or the reason why it gives none."""
        paths = self._paths
        text_path = paths.get("text")
        text = None if text_path is None else scalar(value_at(record, text_path))
        if not text or text_path is None:
            text_path, text = self._other_text(record, text)
            if text is None:
                return "no key holds text: --text-column names it"
        if plain_name(text_path[-1]) == "selftext" and isinstance(record.get("title"), str):
            text = joined(record["title"], text)
        elif looks_like_html(text) or plain_name(text_path[-1]).endswith("html"):
            text = text_of_html(text)
        return self._maker.make(
            text,
            time=_time(value_at(record, paths["time"])) if "time" in paths else None,
            author=scalar(value_at(record, paths["author"])) if "author" in paths else None,
            external_id=scalar(value_at(record, paths["id"])) if "id" in paths else None,
            thread=scalar(value_at(record, paths["thread"])) if "thread" in paths else None,
            language=scalar(value_at(record, paths["language"])) if "language" in paths else None,
            source=scalar(value_at(record, paths["source"])) if "source" in paths else None,
        )

    def _other_text(self, record: Mapping[str, Any], text: str | None) -> tuple[Path, str | None]:
        """Find the text under another key than the learnt one, unless the user named the key."""
        learnt = self._paths.get("text", ("",))
        if self._options.text_column is not None:
            return learnt, text
        if plain_name(learnt[-1]) == "selftext" and text is not None:
            return learnt, text  # a link with a title alone
        for path in self._other_texts:
            if other := scalar(value_at(record, path)):
                return path, other
        present = [path for path in paths_of(record) if scalar(value_at(record, path))]
        path = choose(present, {}).get("text", learnt)
        if path != learnt and path not in self._other_texts and len(self._other_texts) < 20:
            self._other_texts.append(path)
        other = scalar(value_at(record, path))
        return path, other if other is not None else text

    def _asked(self, role: str, name: str, paths: Sequence[Path], names: Sequence[str]) -> Path:
        for path, known in zip(paths, names, strict=True):
            if name in (known, path[0]) or plain_name(name) == plain_name(known):
                return (name,) if name == path[0] else path
        if paths:
            raise ReadError(
                f"{flag_of(role)}: expected one of {listing(names, len(names))}, "
                f"found {name[:40]!r}"
            )
        return tuple(name.split("."))

    def _guessed(
        self, sample: Sequence[Mapping[str, Any]], found: dict[str, Path]
    ) -> tuple[dict[str, Path], set[str]]:
        keys = list(dict.fromkeys(key for one in sample for key in one))
        rows = [[scalar(one.get(key)) or "" for key in keys] for one in sample]
        if not keys:
            return found, set()
        taken = {role: keys.index(path[0]) for role, path in found.items() if path[0] in keys}
        guessed = guess_columns(rows, taken, has_header=True)
        new = {role: (keys[place],) for role, place in guessed.items() if role not in taken}
        return {**new, **found}, set(new) - set(found)


def paths_of(record: Mapping[str, Any], depth: int = _MAX_DEPTH) -> Iterator[Path]:
    """Yield the paths of an object's values, outer ones first; not of objects that hold others."""
    inner: list[str] = []
    for key, value in record.items():
        if not isinstance(value, dict) or any(name in value for name in _INNER):
            yield (key,)
        if isinstance(value, dict) and depth > 1:
            inner.append(key)
    for key in inner:
        for path in paths_of(record[key], depth - 1):
            yield (key, *path)


def value_at(record: Mapping[str, Any], path: Path) -> object:
    """Return the value at a path, None where it leads nowhere."""
    value: object = record
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def choose(paths: Sequence[Path], asked: Mapping[str, Path]) -> dict[str, Path]:
    """Choose a path for each role: the text first, the others beside it."""
    found = dict(asked)
    if "text" not in found:
        texts = _ranked("text", paths)
        if not texts:
            return found
        found["text"] = texts[0]
    # The author's object stands beside the text; its own "id" or "created_at" is not the message's.
    # The objects around the text's own are asked where that one says nothing, nearest first.
    place = found["text"][:-1]
    while True:
        for role, path in _beside(place, paths, found).items():
            found.setdefault(role, path)
        if not place:
            return found
        place = place[:-1]


def _beside(place: Path, paths: Sequence[Path], found: Mapping[str, Path]) -> dict[str, Path]:
    """Return the paths of the roles in the object at `place`; a person there is the author."""
    near = [path for path in paths if path[:-1] == place and path not in found.values()]
    beside = {role: ranked[0] for role in ROLES if (ranked := _ranked(role, near))}
    people = [
        (rank, path)
        for path in paths
        if path[:-2] == place and len(path) > len(place) + 1 and plain_name(path[-2]) in _PEOPLE
        for rank, name in enumerate(_NAMES)
        if plain_name(path[-1]) == name
    ]
    if people:
        beside["author"] = min(people)[1]
    return beside


def _ranked(role: str, paths: Sequence[Path]) -> list[Path]:
    ranks = [
        (len(path), rank, place)
        for place, path in enumerate(paths)
        if (rank := rank_of(role, path[-1])) is not None
    ]
    return [paths[place] for _, _, place in sorted(ranks)]


def scalar(value: object) -> str | None:
    """Return a value as text; the telling part of an object, the first part of a list."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list):
        return scalar(value[0]) if value and not isinstance(value[0], list) else None
    if isinstance(value, dict):
        names = {plain_name(key): key for key in value}
        key = next((key for key in _INNER if key in value), None) or next(
            (names[name] for name in _NAMES if name in names), None
        )
        inner = value[key] if key is not None else None
        return scalar(inner) if not isinstance(inner, dict | list) else None
    return None


def _number(value: float) -> str | None:
    try:
        return str(int(value)) if value == int(value) else repr(value)
    except (ValueError, OverflowError):  # NaN, infinity, or more digits than Python prints
        return None


def _time(value: object) -> object:
    """Unwrap {"$date": …}; everything else is for the time reader to judge."""
    if isinstance(value, dict):
        return next((value[key] for key in ("$date", "$numberLong", "value") if key in value), "{}")
    return value
