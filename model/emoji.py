"""Emoji and emoticons in words, so that a text of nothing else can still be scored.

The encoder's vocabulary holds almost no emoji: unread, they would all be one unknown token. The
commonest have words of ours, chosen for what writers mean by them; any other pictograph is read
by its Unicode name. Training and workers read the same table, so it is part of a bundle's
meaning: a change here wants a new default bundle.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Words → the emoji they stand for.
_WORDS: Final = {
    "laughing out loud": "😂🤣😹😆",
    "happy smile": "😀😃😄😁😊🙂☺😺😸🤗😇",
    "happy wink": "😉😜😝😛🤪😋",
    "in love": "😍🥰😻💑",
    "love": "❤♥💕💖💗💓💞💘💝💜💙💚💛🧡🖤🤍🤎💟❣",
    "kiss": "😘😗😙😚💋",
    "cool": "😎🤙🤘",
    "great": "👍👌💯🔥✨🌟⭐🏆🥇",
    "applause": "👏🙌",
    "celebrating": "🎉🥳🎊🍾🥂",
    "thank you": "🙏",
    "crying": "😭",
    "crying sad": "😢😿🥲",
    "sad": "😞😔☹🙁😟😕🥺😩😫😣😖😥😓",
    "heartbroken": "💔",
    "angry": "😠😡🤬👿😤😾💢",
    "middle finger": "🖕",
    "bad": "👎",
    "disgusted": "🤢🤮",
    "scared": "😱😨😰😧😦🙀",
    "nervous": "😬😅",
    "shocked": "😲😮😯😳🤯",
    "thinking": "🤔🧐",
    "annoyed": "🙄😒😑😐",
    "whatever": "🤷",
    "facepalm": "🤦",
    "ironic smile": "🙃😏😌",
    "tired": "😴😪🥱",
    "sick": "🤒🤧😷🤕",
}

_BY_EMOJI: Final = {emoji: words for words, emojis in _WORDS.items() for emoji in emojis}

#: Emoticons as written in the west, the more particular first.
_EMOTICONS: Final = (
    (re.compile(r"(?<![\w:;=])(?:[:;=xX]'?-?D+|xD+|XD+)(?!\w)"), "laughing out loud"),
    (re.compile(r">:-?\((?!\w)"), "angry"),
    (re.compile(r"(?<![\w:;=])[:=]'-?\((?!\w)"), "crying sad"),
    (re.compile(r"(?<![\w:;=])[:=]-?\)+(?!\w)|\^_+\^"), "happy smile"),
    (re.compile(r"(?<![\w:;=]);-?\)+(?!\w)"), "happy wink"),
    (re.compile(r"(?<![\w:;=])[:=]-?[(\[]+(?!\w)"), "sad"),
    (re.compile(r"(?<![\w:;=])[:=]-?/(?![\w/])"), "annoyed"),
    (re.compile(r"(?<![\w:;=])[:=]-?[oO](?!\w)"), "shocked"),
    (re.compile(r"(?<![\w:;=])[:=]-?[pP](?!\w)"), "happy wink"),
    (re.compile(r"</3"), "heartbroken"),
    (re.compile(r"<3+"), "love"),
)

#: Pictographs, dingbats and symbols that may be emoji; a run of one emoji counts once.
_PICTOGRAPH: Final = re.compile("([\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff])\\1*")
#: Skin tones, the joiner, variation selectors, gender signs: they change no meaning of ours.
_MODIFIER: Final = re.compile("[\u200d\ufe0e\ufe0f\u2640\u2642\U0001f3fb-\U0001f3ff]")


def words_for_emoji(text: str) -> str:
    """Return `text` with emoji and emoticons replaced by words, each in spaces."""
    for pattern, words in _EMOTICONS:
        text = pattern.sub(f" {words} ", text)
    if text.isascii():
        return text
    return _PICTOGRAPH.sub(_spell, _MODIFIER.sub("", text))


def _spell(match: re.Match[str]) -> str:
    emoji = match.group(1)
    words = _BY_EMOJI.get(emoji) or unicodedata.name(emoji, "").lower()
    return f" {words} "
