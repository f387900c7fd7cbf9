"""A window over JSON text that is read value by value, however long the document.

ijson would do the same, but on 100,000 open brackets it builds as many path prefixes and takes all
memory, and it cannot go on after a broken object. The standard decoder refuses deep nesting, is as
fast, and leaves us the place of every value.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from typing import Any, Final

from ingest.options import MAX_RECORD_BYTES

_BLOCK: Final = 1 << 16
#: An error this close to the end of what is loaded may be an unfinished value.
_LONGEST_TOKEN: Final = 16
_DECODER: Final = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\n\r]*")
_NEXT_OBJECT = re.compile(r"\}\s*,\s*\{")


class BrokenValueError(ValueError):
    """The text at the window's place is no JSON value; the message says why, without quoting it."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"broken JSON: {reason}")
        #: How far behind the value's start the fault lies, in characters.
        self.offset = offset


class JsonText:
    """Read values one after another from a stream of encoded text."""

    def __init__(self, stream: io.BufferedIOBase, encoding: str, position: int) -> None:
        self._stream = stream
        self._encoding = encoding
        # Damaged bytes stay countable; `storable` makes U+FFFD of them in the end.
        self._errors = (
            "surrogateescape" if encoding[:4] != "utf-" or encoding == "utf-8" else "replace"
        )
        self._decoder = codecs.getincrementaldecoder(encoding)(self._errors)
        self._text = ""
        self._place = 0
        self._is_whole = False
        # The byte of the decompressed file that _text[_counted] begins at.
        self._position = position
        self._counted = 0

    @property
    def position(self) -> int:
        """The byte, in the decompressed file, of the window's place."""
        passed = self._text[self._counted : self._place]
        self._position += len(passed.encode(self._encoding, self._errors))
        self._counted = self._place
        return self._position

    def peek(self) -> str:
        """Skip white space; return the next character, '' at the end."""
        while True:
            match = _SPACE.match(self._text, self._place)
            self._place = match.end() if match else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._load():
                return ""

    def skip(self, n_chars: int = 1) -> None:
        self._place += n_chars

    def skip_assignment(self) -> None:
        """Skip the 'window.YTD.tweets.part0 =' that some exports put before their JSON."""
        self.peek()
        match = re.compile(r"(?:var |let |const )?[\w.$]+\s*=\s*(?=[\[{])").match(
            self._text, self._place
        )
        if match is not None:
            self._place = match.end()

    def value(self) -> Any:
        """Read the value at the window's place and move behind it.

        Raises:
            BrokenValueError: when there is none, it is nested too deeply, or over
                MAX_RECORD_BYTES long; the place stays.
        """
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
            except RecursionError:
                raise BrokenValueError("nested too deeply", 0) from None
            except json.JSONDecodeError as error:
                is_open = error.msg.startswith("Unterminated") or (
                    error.pos >= len(self._text) - _LONGEST_TOKEN
                )
                if len(self._text) - self._place > MAX_RECORD_BYTES:
                    reason = f"a value longer than {MAX_RECORD_BYTES:,} characters"
                    raise BrokenValueError(reason, error.pos - self._place) from None
                if not (is_open and self._load()):
                    raise BrokenValueError(error.msg.lower(), error.pos - self._place) from None
            except ValueError:
                raise BrokenValueError("a number with too many digits", 0) from None
            else:
                if end == len(self._text) and isinstance(value, int | float) and self._load():
                    continue  # the number may go on
                self._place = end
                return value

    def skip_broken(self, offset: int) -> str:
        """Move to the next object of a list after a fault; return the beginning of what is lost."""
        raw = self._text[self._place : self._place + 10_000]
        start = self._place + max(offset, 1)
        while True:
            match = _NEXT_OBJECT.search(self._text, min(start, len(self._text)))
            if match is not None:
                self._place = match.end() - 1
                return raw
            # Keep the last characters: the seam between two objects may lie across the blocks.
            start = max(start, len(self._text) - _BLOCK)
            self._place = min(start, len(self._text))
            n_dropped = self._drop()
            start = max(0, start - n_dropped)
            if not self._load():
                self._place = len(self._text)
                return raw

    def _load(self) -> bool:
        """Append a block, as large as what is loaded already; False at the end of the stream."""
        if self._is_whole:
            return False
        self._drop()
        block = self._stream.read1(max(_BLOCK, len(self._text)))
        self._is_whole = not block
        added = self._decoder.decode(block, final=not block)
        self._text += added
        return bool(added) or (not self._is_whole and self._load())

    def _drop(self) -> int:
        """Forget the text before the place; return how many characters that were."""
        n_dropped = self._place
        _ = self.position
        self._text = self._text[n_dropped:]
        self._place = self._counted = 0
        return n_dropped
