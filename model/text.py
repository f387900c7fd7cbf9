"""From a message's text to token ids: cleaning, tokenising, windows.

Training and workers both come through here, so that what a bundle was trained on and what it
scores cannot drift apart. Uses `tokenizers` only; loads no file by itself.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tokenizers import Tokenizer

from model.emoji import words_for_emoji

#: Stands for a mention: the placeholder GoEmotions puts where a name was.
NAME: Final = "[NAME]"

_URL: Final = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
#: Not behind a word: an e-mail address is no mention.
_MENTION: Final = re.compile(r"(?<![\w@])@\w+")
_HASHTAG: Final = re.compile(r"(?<!\w)#(?=\w)")
_REPEATED: Final = re.compile(r"([^\W\d_])\1{3,}")
_SPACE: Final = re.compile(r"\s+")
_QUOTES: Final = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2026": "..."}
)


def clean(text: str) -> str:
    """Return the text as the tokenizer should see it; may be empty.

    Undoes HTML entities, drops links, puts `[NAME]` for mentions, keeps a hashtag's word, spells
    emoji out, cuts letters repeated more than three times to three, drops what is no character
    (control codes, lone surrogates) and joins white space. Case is the tokenizer's matter.
    """
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = "".join(c for c in text if unicodedata.category(c) != "Cs")
        text = unicodedata.normalize("NFC", text).translate(_QUOTES)
    text = _URL.sub(" ", text)
    text = _MENTION.sub(NAME, text)
    text = _HASHTAG.sub("", text)
    text = words_for_emoji(text)
    text = _REPEATED.sub(r"\1\1\1", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    return _SPACE.sub(" ", text).strip()


def has_words(cleaned: str) -> bool:
    """Tell whether a cleaned text holds a word: a letter outside the mention placeholder."""
    return any(c.isalpha() for c in cleaned.replace(NAME, ""))


def prepare_tokenizer(tokenizer: Tokenizer) -> Tokenizer:
    """Switch off the padding and truncation a tokenizer file may ask for; we do both ourselves."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@dataclass(frozen=True, slots=True)
class TokenWindow:
    """A stretch of one text's tokens, with the encoder's marks around it."""

    ids: tuple[int, ...]
    #: Tokens of the text in it that no earlier window held: its weight when windows are pooled.
    n_new: int


def cut_windows(ids: Sequence[int], *, max_tokens: int, overlap: int) -> list[TokenWindow]:
    """Split a text's ids (first and last are the encoder's marks) into windows of `max_tokens`.

    Each window keeps both marks and starts `overlap` tokens before the end of the one before, so
    that no phrase is seen only in two halves. A text that fits is one window.

    Raises:
        ValueError: when the overlap leaves no room for new tokens.
    """
    body_size = max_tokens - 2
    if not 0 <= overlap < body_size:
        raise ValueError(f"expected an overlap under {body_size} tokens, found {overlap}")
    if len(ids) <= max_tokens:
        return [TokenWindow(tuple(ids), max(len(ids) - 2, 1))]
    first, *body, last = ids
    windows: list[TokenWindow] = []
    start, seen = 0, 0
    while seen < len(body):
        end = min(start + body_size, len(body))
        windows.append(TokenWindow((first, *body[start:end], last), end - seen))
        seen, start = end, end - overlap
    return windows
