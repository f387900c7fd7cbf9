"""HTML to plain text, as feeds and some exports wrap their messages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_BREAKING: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_SILENT: Final = frozenset({"script", "style", "template", "noscript", "iframe", "object", "head"})
_STARTS_AS_HTML = re.compile(r"\s*<(?:p|div|span|br|a|b|i|em|strong|h\d|ul|ol|blockquote)\b", re.I)


def looks_like_html(text: str) -> bool:
    """Tell markup from a text that merely holds a '<', such as '<3'."""
    return text.lstrip()[:1] == "<" and _STARTS_AS_HTML.match(text) is not None


def text_of_html(markup: str) -> str:
    """Return what a reader of the page would read; paragraphs become lines."""
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    parser = _Text()
    parser.feed(markup)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _BREAKING:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()
        elif tag in _BREAKING:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
