"""One JSON object a line, as dumps and logs have them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ingest.encoding import Lines
from ingest.errors import LineTooLongError
from ingest.readers.keys import ObjectReader
from ingest.readers.record import MessageMaker
from records import Message, Rejected

#: Objects looked at before the first message.
SAMPLE_OBJECTS: Final = 200
# Control characters inside strings are forgiven: many exports leave tabs and newlines bare.
_DECODER: Final = json.JSONDecoder(strict=False)


def decode(text: str) -> Any:
    """Return the JSON value of a whole text.

    Raises:
        ValueError: saying in our words what is wrong; the text itself is not quoted.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"broken JSON at character {error.pos + 1}: {error.msg.lower()}"
        ) from error
    except RecursionError as error:
        raise ValueError("broken JSON: nested too deeply") from error
    except ValueError as error:
        raise ValueError("broken JSON: a number with too many digits") from error


def sample_objects(lines: Sequence[str]) -> list[dict[str, Any]]:
    """Return the objects among the first lines."""
    found: list[dict[str, Any]] = []
    for line in lines:
        if len(found) == SAMPLE_OBJECTS:
            break
        try:
            value = decode(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def read_json_lines(
    lines: Lines, objects: ObjectReader, maker: MessageMaker
) -> Iterator[Message | Rejected]:
    """Yield a message or a reject for every line that is not empty."""
    n = 0
    while True:
        start = lines.position
        try:
            line = next(lines)
        except StopIteration:
            return
        except LineTooLongError as error:
            n += 1
            yield maker.reject(n, start, str(error), "")
            continue
        if line.isspace():
            continue
        n += 1
        try:
            value = decode(line)
        except ValueError as error:
            yield maker.reject(n, start, str(error), line)
            continue
        made = objects.make(value) if isinstance(value, dict) else "expected a JSON object"
        yield made if isinstance(made, Message) else maker.reject(n, start, made, line)
