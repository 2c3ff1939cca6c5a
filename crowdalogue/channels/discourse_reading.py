"""What a post of Discourse holds, in plain values: text, quotes, files; from its Markdown, or its HTML without that."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from crowdalogue.channels.base import Attachment
from crowdalogue.channels.payload import word

__all__ = ["attachments", "text_and_quotes"]

QUOTE = re.compile(r"\[quote(?:=[^\]\n]{0,200})?\]((?:(?!\[quote|\[/quote\]).)*)\[/quote\]", re.S | re.I)
UPLOAD = re.compile(r"!?\[([^\]|\n]{0,300})(?:\|[^\]\n]{0,100})?\]\(upload://[^)\s]{1,200}\)(?: \([\d.,]+ \w{1,5}\))?")
IMAGES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
BREAKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "pre"})
MOST_QUOTES, MOST_FILES = 50, 50


def text_and_quotes(post: dict[str, Any]) -> tuple[str, str]:
    """What was written, and what was quoted of others."""
    raw = word(post, "raw")
    if not raw:
        return plain(word(post, "cooked"))
    quotes: list[str] = []

    def cut(found: re.Match[str]) -> str:
        quotes.append(found.group(1).strip())
        return "\n"

    for _ in range(MOST_QUOTES):  # from the inside outwards
        shorter = QUOTE.sub(cut, raw)
        if shorter == raw:
            break
        raw = shorter
    text = UPLOAD.sub(lambda found: f"[{found.group(1) or 'file'}]", raw)
    return re.sub(r"\n{3,}", "\n\n", text).strip(), "\n\n".join(quote for quote in quotes if quote)


def plain(html: str) -> tuple[str, str]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    tidy = [re.sub(r"\n\s*\n+", "\n\n", "".join(pieces)).strip() for pieces in (reader.said, reader.quoted)]
    return tidy[0], tidy[1]


def attachments(post: dict[str, Any], base: str) -> tuple[Attachment, ...]:
    """The files and pictures that the post shows, by address."""
    reader = Reader()
    reader.feed(word(post, "cooked"))
    reader.close()
    found: dict[str, Attachment] = {}
    for address, name in reader.files[:MOST_FILES]:
        url = urljoin(base + "/", address)
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            ending = parts.path.rpartition(".")[2].casefold()
            kind = IMAGES.get(ending, "application/octet-stream")
            found.setdefault(url, Attachment(name.strip()[:200] or parts.path.rpartition("/")[2], kind, url=url))
    return tuple(found.values())


class Reader(HTMLParser):
    """Text, quoted text and uploaded files of a post as Discourse renders it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.quoted: list[str] = []
        self.files: list[tuple[str, str]] = []
        self.asides = 0
        self.link: str | None = None  # of an uploaded file whose name is being read
        self.name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if tag == "aside":
            self.asides += 1
        elif tag == "a" and "attachment" in classes:
            self.link, self.name = given.get("href", ""), ""
        elif tag == "img" and self.asides == 0:
            self.picture(given, classes)
        if tag in BREAKS:
            self.handle_data("\n")

    def picture(self, given: dict[str, str], classes: list[str]) -> None:
        """A picture of the post itself: no emoji, no face, no preview of a site."""
        if "emoji" in classes:
            self.handle_data(given.get("title") or given.get("alt", ""))
        elif given.get("src") and not {"avatar", "site-icon", "thumbnail", "onebox-avatar"} & set(classes):
            self.files.append((given["src"], given.get("alt", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "aside":
            self.asides = max(0, self.asides - 1)
        elif tag == "a" and self.link is not None:
            if self.link and not self.asides:
                self.files.append((self.link, self.name))
            self.link = None

    def handle_data(self, data: str) -> None:
        if self.link is not None:
            self.name += data
        (self.quoted if self.asides else self.said).append(data)
