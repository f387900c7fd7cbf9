"""Makes texts and keys fit for both databases, and hides people in texts on request. Pure.

One odd text must never fail the chunk it came in: what a database refuses is replaced here.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, Literal

TextMode = Literal["keep", "redact", "drop"]

#: PostgreSQL's index entries end at about 2,700 bytes; two keys stand in one entry.
MAX_KEY_BYTES: Final = 512
#: A reject's raw row is for reading; one of a megabyte is cut.
MAX_RAW_CHARACTERS: Final = 20_000
_REPLACEMENT: Final = "\ufffd"


def clean(text: str) -> str:
    """Return `text` without what cannot be stored: NUL and half surrogate pairs become U+FFFD.

    Two halves that belong together (JSON escapes read one by one) become their character.
    """
    if "\x00" in text:
        text = text.replace("\x00", _REPLACEMENT)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def clean_or_none(text: str | None) -> str | None:
    """Return `clean(text)`, or None for None."""
    return None if text is None else clean(text)


def fit_key(value: str) -> str:
    """Return `value` cleaned and, where it is too long for an index, cut and ended by its hash.

    The same value always gives the same key, different values give different ones.
    """
    value = clean(value)
    if len(value) * 4 <= MAX_KEY_BYTES or len(value.encode()) <= MAX_KEY_BYTES:
        return value
    digest = hashlib.blake2b(value.encode(), digest_size=16).hexdigest()
    room = MAX_KEY_BYTES - len(digest) - 1
    return f"{value.encode()[:room].decode(errors='ignore')}~{digest}"


def fit_key_or_none(value: str | None) -> str | None:
    """Return `fit_key(value)`, or None for None."""
    return None if value is None else fit_key(value)


def text_hash(text: str, salt: bytes) -> bytes:
    """Return 16 bytes that tell whether a text changed, but not what it was without the salt."""
    key = salt if len(salt) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.sha256(salt).digest()
    return hashlib.blake2b(text.encode(), digest_size=16, key=key).digest()


def tombstone_hash(source: str, external_id: str) -> bytes:
    """Return the 16 bytes that stand for an erased message's natural key.

    Not keyed by the salt: a changed salt must not bring the erased back.
    """
    # NUL cannot occur in either, see clean.
    return hashlib.blake2b(f"{source}\x00{external_id}".encode(), digest_size=16).digest()


# Order matters: an address would else leave its half behind as a name. No pattern can backtrack
# over what it has matched in more than one way, so long texts cost time in their length only.
_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL: Final = re.compile(r"(?<![\w.+@-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# @name, @name@server, u/name
_NAME: Final = re.compile(r"(?<![\w@/])(?:@\w[\w.-]*(?:@[\w.-]+)?|/?u/[\w-]+)")
_PHONE: Final = re.compile(r"(?<![\w.,])\+?\(?\d(?:[ ().\-/]{0,2}\d){6,14}(?![\w])")
_DATE: Final = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}-\d{4}"
)


#: What `redact` puts in their places.
PLACEHOLDERS: Final = ("[link]", "[email]", "[name]", "[phone]")


def redact(text: str) -> str:
    """Replace links, e-mail addresses, @names and phone numbers by what they are.

    Names in running text stay: this is a help, not anonymity.
    """
    link, email, name, phone = PLACEHOLDERS
    text = _URL.sub(link, text)
    text = _EMAIL.sub(email, text)
    text = _NAME.sub(name, text)
    return _PHONE.sub(lambda found: found[0] if _DATE.match(found[0]) else phone, text)
