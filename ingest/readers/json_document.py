"""JSON documents: a list of objects, or an object with the list somewhere inside, streamed.

Which list holds the messages is decided on the head of the file ({"metadata": …, "entries": […]});
`read_json_document` then streams that list, one object in memory at a time, and goes on behind
broken objects.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ingest.readers.columns import rank_of
from ingest.readers.json_lines import SAMPLE_OBJECTS
from ingest.readers.json_text import BrokenValueError, JsonText
from ingest.readers.keys import ObjectReader, Path, choose, paths_of
from ingest.readers.record import MessageMaker
from records import Message, Rejected

#: How deep in objects a list of messages is looked for: {"data": {"children": […]}}.
_MAX_DEPTH: Final = 3
#: Keys kept of an object that is itself the message.
_MAX_KEYS: Final = 1000
#: Names under which a whole document can be one message; 'title' and the like name the document.
_OWN_TEXT_RANK: Final = rank_of("text", "post") or 0


@dataclass(frozen=True, slots=True)
class Element:
    """A value met in a document: where, and what it is or why it is none.

    Behind a fault outside of lists nothing tells the path any more; it is None.
    """

    path: Path | None
    position: int
    value: Any = None
    fault: str | None = None
    raw: str = ""


def walk(text: JsonText) -> Iterator[Element]:
    """Yield every member of every list that is reached through objects, and the objects themselves.

    The path of a list at the top is ('*',), that of one under "entries" ('entries', '*'); an object
    at the top has the path () and comes after its lists, without them.
    """
    text.skip_assignment()
    while (first := text.peek()) != "":
        position = text.position
        try:
            if first == "[":
                yield from _walk_list(text, ("*",))
            elif first == "{":
                outside: dict[str, Any] = {}
                yield from _walk_object(text, (), outside)
                yield Element((), position, outside)
            else:
                yield Element(("*",), position, text.value())
                if text.peek() == ",":
                    text.skip()
        except BrokenValueError as error:
            raw = text.skip_broken(error.offset)
            yield Element(None, position, fault=str(error), raw=raw)
            if text.peek() == "{":
                yield from _members(text, None)


def _walk_list(text: JsonText, path: Path | None) -> Iterator[Element]:
    text.skip()
    yield from _members(text, path)


def _members(text: JsonText, path: Path | None) -> Iterator[Element]:
    while (mark := text.peek()) not in ("", "]"):
        if mark == ",":
            text.skip()
            continue
        position = text.position
        try:
            yield Element(path, position, text.value())
            if text.peek() not in (",", "]"):
                what = "expected ',' or ']' after a value" if text.peek() else "the list never ends"
                raise BrokenValueError(what, 0)
        except BrokenValueError as error:
            position = text.position
            yield Element(path, position, fault=str(error), raw=text.skip_broken(error.offset))
    text.skip()


def _walk_object(text: JsonText, path: Path, outside: dict[str, Any]) -> Iterator[Element]:
    text.skip()
    while (mark := text.peek()) not in ("", "}"):
        if mark == ",":
            text.skip()
            continue
        key = text.value()
        if not isinstance(key, str) or text.peek() != ":":
            raise BrokenValueError("expected a key and ':' in an object", 0)
        text.skip()
        first = text.peek()
        if first == "[":
            yield from _walk_list(text, (*path, key, "*"))
            continue
        inner: dict[str, Any] = {}
        if first == "{" and len(path) < _MAX_DEPTH:
            yield from _walk_object(text, (*path, key), inner)
            value: Any = inner
        else:
            value = text.value()
        if len(outside) < _MAX_KEYS:
            outside[key] = value
    if text.peek() == "":
        raise BrokenValueError("the object never ends", 0)
    text.skip()


def plan_document(head: bytes, encoding: str) -> tuple[Path, list[dict[str, Any]]]:
    """Return which path holds the messages, and a sample of its objects, by the head of a file."""
    samples: dict[Path, list[dict[str, Any]]] = {}
    for element in walk(JsonText(io.BufferedReader(io.BytesIO(head)), encoding, 0)):
        if isinstance(element.value, dict) and element.path is not None:
            found = samples.setdefault(element.path, [])
            if len(found) < SAMPLE_OBJECTS:
                found.append(element.value)
    if any(is_message(one) for one in samples.get((), [])):
        return (), samples[()]
    # Lists come in the file's order; the first that holds texts is taken, else the first of all.
    lists = [path for path in samples if path]
    for path in lists:
        paths = list(dict.fromkeys(key for one in samples[path] for key in paths_of(one)))
        if "text" in choose(paths, {}):
            return path, samples[path]
    if any("text" in choose(list(paths_of(one)), {}) for one in samples.get((), [])):
        return (), samples[()]
    path = lists[0] if lists else ("*",) if () not in samples else ()
    return path, samples.get(path, [])


def is_message(value: Mapping[str, object]) -> bool:
    """Tell whether an object holds a text of its own."""
    ranks = (rank_of("text", key) for key, part in value.items() if isinstance(part, str) and part)
    return any(rank is not None and rank <= _OWN_TEXT_RANK for rank in ranks)


def read_json_document(
    text: JsonText, path: Path, objects: ObjectReader, maker: MessageMaker
) -> Iterator[Message | Rejected]:
    """Yield a message or a reject for every member of the list at `path`."""
    n = 0
    for element in walk(text):
        if element.fault is None and element.path not in (path, None):
            continue
        n += 1
        if element.fault is not None:
            yield maker.reject(n, element.position, element.fault, element.raw)
            continue
        value = element.value
        made = objects.make(value) if isinstance(value, dict) else "expected a JSON object"
        if isinstance(made, Message):
            yield made
        else:
            yield maker.reject(n, element.position, made, str(value)[:10_000])
