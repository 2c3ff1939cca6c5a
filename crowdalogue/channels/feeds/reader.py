"""A feed in RSS 0.9 to 2.0, RDF, Atom or JSON Feed, read into plain entries. No network.

Read as browsers read pages: what is broken is mended where its meaning is plain. Entities that a document defines for
itself are never expanded, nothing outside is loaded, and a document that nests too deeply or is too large is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from html.entities import html5
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree

from crowdalogue.channels.base import NotUnderstood
from crowdalogue.channels.jsonbody import clean
from crowdalogue.channels.mail.text import html_to_text
from crowdalogue.channels.picking import body_of, digest, link, objects, when, whole, words

__all__ = ["Entry", "Feed", "read_feed", "split"]

MAX_BYTES = 20 * 1024 * 1024
MAX_ENTRIES = 5000
MAX_TEXT = 500_000  # characters of an entry's content
# Before the first element only, and without looking back, so that no document makes it slow.
DOCTYPE = re.compile(
    r"\A((?>\s|<!--(?>.*?-->)|<\?(?>.*?\?>))*+)<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE
)
TAG = re.compile(r"</?[A-Za-z]")
NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
ITEMS = ("item", "entry")
LINKS = ("link", "origLink")
STARTS = (  # how documents in wide characters begin, with and without a mark; the longest first
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8-sig"),
)  # fmt: skip
OWN_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}


@dataclass(slots=True)
class Entry:
    """One entry. `html` is as it came and not safe to show; `replies` and `answers`: its comments, its parent."""

    id: str
    url: str = ""
    title: str = ""
    html: str = ""
    plain: str = ""
    author: str = ""
    author_id: str = ""  # an address or page by which the author is known, where the feed gives one
    published: datetime | None = None
    updated: datetime | None = None
    categories: list[str] = field(default_factory=list)
    replies: str = ""  # address of the feed of its comments
    reply_count: int | None = None
    answers: str = ""  # id of the entry that this one answers
    files: list[dict[str, Any]] = field(default_factory=list)
    language: str = ""


@dataclass(slots=True)
class Feed:
    """A feed's head and its entries. `older` is the address of the page with older entries."""

    title: str = ""
    url: str = ""
    language: str = ""
    older: str = ""
    entries: list[Entry] = field(default_factory=list)
    broken: int = 0  # entries without anything that could be read


def read_feed(body: bytes, address: str = "") -> Feed:
    """A feed's document. `address` is where it came from, for links that are relative. Raises `NotUnderstood`."""
    if is_json(body):
        return read_json(body_of(body), address)
    return XmlReader(parse_xml(body), address).feed()


HEAD = ("title", "link", "language")  # what an entry keeps of its feed; the rest changes from day to day


def split(body: bytes) -> list[bytes]:
    """The document cut into one small document an entry, each with the name of the feed: every part is a feed that
    `read_feed` reads, with all that its entry held. Raises `NotUnderstood`."""
    if is_json(body):
        return split_json(body)
    root = parse_xml(body)
    items = [e for e in root.iter() if named(e) in ITEMS][:MAX_ENTRIES]
    for item in items:
        item.getparent().remove(item)
    for holder in (root, *(c for c in root if named(c) == "channel")):
        for child in [c for c in holder if named(c) not in (*HEAD, "channel")]:
            holder.remove(child)
    parts = []
    for item in items:
        item.tail = None
        holder = root if named(root) in ("feed", "RDF") else next((c for c in root if named(c) == "channel"), root)
        holder.append(item)
        parts.append(etree.tostring(root, encoding="utf-8", xml_declaration=True))
        holder.remove(item)
    return parts


# ---------------------------------------------------------------- JSON Feed


def is_json(body: bytes) -> bool:
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def split_json(body: bytes) -> list[bytes]:
    document = body_of(body)
    head = {k: v for k, v in document.items() if k in ("version", "title", "home_page_url", "language")}
    items = objects(document, "items", MAX_ENTRIES)
    return [json.dumps(head | {"items": [item]}, ensure_ascii=False, sort_keys=True).encode() for item in items]


def read_json(document: dict[str, Any], address: str) -> Feed:
    if not isinstance(document.get("items"), list):
        raise NotUnderstood("This is JSON, but no JSON Feed: it has no items.")
    feed = Feed(
        title=words(document, "title"),
        url=link(document, "home_page_url"),
        language=words(document, "language"),
        older=link(document, "next_url"),
    )
    for item in objects(document, "items", MAX_ENTRIES):
        entry = json_entry(item, address)
        if entry.id:
            feed.entries.append(entry)
        else:
            feed.broken += 1
    return feed


def json_entry(item: dict[str, Any], address: str) -> Entry:
    author = next(iter(objects(item, "authors")), item.get("author") or {})
    url = absolute(address, words(item, "url") or words(item, "external_url"))
    return Entry(
        id=words(item, "id").strip() or url,
        url=url,
        title=words(item, "title"),
        html=words(item, "content_html")[:MAX_TEXT],
        plain=(words(item, "content_text") or words(item, "summary"))[:MAX_TEXT],
        author=words(author, "name"),
        author_id=link(author, "url"),
        published=when(item, "date_published"),
        updated=when(item, "date_modified"),
        categories=[clean(t)[:80] for t in item.get("tags") or [] if isinstance(t, str)][:20],
        files=[
            {"url": link(f, "url"), "media_type": words(f, "mime_type"), "bytes": whole(f, "size_in_bytes")}
            for f in objects(item, "attachments", 20)
        ],
        language=words(item, "language"),
    )


# ---------------------------------------------------------------- XML


def parse_xml(body: bytes) -> Any:
    """The root element. Entities a document defines for itself are cut away before anything is read."""
    if len(body) > MAX_BYTES:
        raise NotUnderstood(f"The feed is larger than {MAX_BYTES // 1024 // 1024} MB.")
    if not body.strip():
        raise NotUnderstood("The feed is empty.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(in_utf8(body.lstrip()), parser)
    except (etree.LxmlError, ValueError, LookupError):
        root = None
    if root is None or named(root) not in ("rss", "feed", "RDF", "channel"):
        what = "a web page" if b"<html" in body[:4000].lower() else "something else"
        raise NotUnderstood(f"This is no feed but {what}. Enter the address of the feed (RSS, Atom or JSON Feed).")
    return root


def in_utf8(body: bytes) -> bytes:
    """The document in UTF-8 with HTML's names of characters (&nbsp;) written out, which XML does not know."""
    declared = re.match(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)", body)
    name = next((n for start, n in STARTS if body.startswith(start)), "")
    name = name or (declared[1].decode("ascii") if declared else "utf-8-sig")
    try:
        text = body.decode(name)
    except (LookupError, UnicodeDecodeError):
        text = body.decode("utf-8", "replace") if mostly_utf8(body) else body.decode("cp1252", "replace")
    text = DOCTYPE.sub(r"\1", re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", "", text), count=1)
    return clean(NAMED.sub(character, text)).encode("utf-8", "replace")


def mostly_utf8(body: bytes) -> bool:
    return body.decode("utf-8", "replace").count("\ufffd") < 3 < len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]", body))


def character(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name in OWN_ENTITIES else html5.get(f"{name};", match[0])


def named(element: Any) -> str:
    """An element's name without its namespace; empty for what is none (a comment, an entity)."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def space(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[0].lstrip("{") if isinstance(tag, str) else ""


def absolute(base: str, address: str) -> str:
    try:
        found = urljoin(base, address.strip()) if address.strip() else ""
        urlsplit(found)  # raises for what is no address
    except ValueError:
        return ""
    return found if found.startswith(("https://", "http://")) and len(found) <= 2000 else ""


class XmlReader:
    """Reads by local names, because feeds choose prefixes and namespaces as they like."""

    def __init__(self, root: Any, address: str) -> None:
        self.root = root
        self.address = address
        self.atom = named(root) == "feed"
        self.head = root if self.atom else next((c for c in root.iter() if named(c) == "channel"), root)

    def feed(self) -> Feed:
        head = self.head
        feed = Feed(
            title=self.first(head, "title"),
            url=self.link_of(head),
            language=self.first(head, "language") or lang_of(self.root),
            older=self.rel_link(head, "next") or self.rel_link(head, "prev-archive"),
        )
        for number, item in enumerate(e for e in self.root.iter() if named(e) in ITEMS):
            if number >= MAX_ENTRIES:
                break
            entry = self.entry(item)
            if entry.id:
                feed.entries.append(entry)
            else:
                feed.broken += 1
        return feed

    def entry(self, item: Any) -> Entry:
        url = self.link_of(item)
        guid = self.first(item, "guid") or self.first(item, "id") or item.get(about_name(item), "")
        name, known_as = self.author(item)
        html, plain = self.content(item)
        return Entry(
            id=guid or url or self.unnamed(item, html or plain),
            url=url or self.permalink(item),
            title=self.title(item),
            html=html[:MAX_TEXT],
            plain=plain[:MAX_TEXT],
            author=name,
            author_id=known_as,
            published=self.moment(item, "published", "pubDate", "issued", "created", "date"),
            updated=self.moment(item, "updated", "modified"),
            categories=self.categories(item),
            replies=absolute(self.address, self.first(item, "commentRss") or self.rel_link(item, "replies")),
            reply_count=self.reply_count(item),
            answers=next((c.get("ref", "") for c in item if named(c) == "in-reply-to"), ""),
            files=self.files(item),
            language=lang_of(item),
        )

    # --- pieces

    def children(self, parent: Any, *names: str) -> Iterator[Any]:
        for child in parent:
            if named(child) in names:
                yield child

    def first(self, parent: Any, name: str) -> str:
        """The text of the first child of that name that has any."""
        return next((t for c in self.children(parent, name) if (t := text_of(c).strip())), "")

    def title(self, item: Any) -> str:
        for child in self.children(item, "title"):
            how = child.get("type", "text" if self.atom else "")
            found = text_of(child)
            if len(child):
                found = html_to_text(inner(child)) or found
            elif "html" in how or (not how.startswith("text") and TAG.search(found)):  # RSS never says which
                found = html_to_text(found) or found
            if "mrss" not in space(child) and (found := found.strip()):
                return " ".join(found.split())
        return ""

    def link_of(self, parent: Any) -> str:
        """The page of an entry: RSS writes it as text, Atom as href of the alternate link."""
        plain = ""
        for child in self.children(parent, *LINKS):
            rel = child.get("rel", "alternate")
            if child.get("href") and rel == "alternate":
                return absolute(self.base(child), child.get("href"))
            plain = plain or text_of(child).strip()
        return absolute(self.base(parent), plain)

    def rel_link(self, parent: Any, rel: str) -> str:
        hrefs = (c.get("href", "") for c in self.children(parent, "link") if c.get("rel") == rel)
        return absolute(self.address, next(hrefs, ""))

    def base(self, element: Any) -> str:
        """What relative addresses in an element begin with (xml:base)."""
        return absolute(self.address, element.base or "") or self.address

    def permalink(self, item: Any) -> str:
        """A guid is also the page's address unless it says that it is not."""
        guid = next(self.children(item, "guid"), None)
        if guid is None or guid.get("isPermaLink", "true").lower() == "false":
            return ""
        return absolute("", text_of(guid))

    def unnamed(self, item: Any, content: str) -> str:
        """What an entry without any id is called: made of what it says, so that it is the same next time."""
        said = f"{self.title(item)}\n{content}\n{self.first(item, 'pubDate')}"
        return f"said:{digest(said)[:40]}" if said.strip() else ""

    def author(self, item: Any) -> tuple[str, str]:
        """Name, and what identifies the author: an address or page."""
        for child in self.children(item, "author", "creator"):
            name, mail, page = self.first(child, "name"), self.first(child, "email"), self.first(child, "uri")
            if name or mail or page:
                return name or mail, mail or page
            said = text_of(child).strip()
            if match := re.fullmatch(r"(\S+@\S+)\s*\((.*)\)", said):  # RSS: mail address, then the name
                return match[2].strip(), match[1]
            if said:
                return said, said if re.fullmatch(r"\S+@\S+\.\S+", said) else ""
        return "", ""

    def content(self, item: Any) -> tuple[str, str]:
        """The fullest text there is, as HTML or, where the feed says so, as plain text."""
        html, plain = "", ""
        for child in self.children(item, "encoded", "content", "description", "summary"):
            if "mrss" in space(child):
                continue
            how = child.get("type", "html" if not self.atom else "text")
            found = inner(child) if how == "xhtml" or len(child) else text_of(child)
            if how in ("text", "text/plain") and not len(child):
                plain = max(plain, found, key=len)
            elif not html or named(child) in ("encoded", "content"):
                html = found or html
        return html.strip(), plain.strip()

    def moment(self, item: Any, *names: str) -> datetime | None:
        for name in names:
            for child in self.children(item, name):
                if moment := when(text_of(child).strip()):
                    return moment
        return None

    def categories(self, item: Any) -> list[str]:
        found = (clean(c.get("term") or text_of(c)).strip()[:80] for c in self.children(item, "category", "subject"))
        return [c for c in dict.fromkeys(found) if c][:20]

    def reply_count(self, item: Any) -> int | None:
        """How many comments there are (slash:comments, thr:total); RSS's own `comments` is a page's address."""
        for child in self.children(item, "comments", "total"):
            said = text_of(child).strip()
            if said.isdecimal() and len(said) < 9:
                return int(said)
        return None

    def files(self, item: Any) -> list[dict[str, Any]]:
        found = [(c.get("url", ""), c) for c in self.children(item, "enclosure")]
        found += [(c.get("href", ""), c) for c in self.children(item, "link") if c.get("rel") == "enclosure"]
        named_files = [
            {"url": url, "media_type": c.get("type", ""), "bytes": whole({"n": c.get("length")}, "n")}
            for address, c in found
            if (url := absolute(self.address, address))
        ]
        return named_files[:20]


def about_name(item: Any) -> str:
    """The name of rdf:about, whatever its namespace is called."""
    return next((k for k in item.attrib if k.endswith("}about")), "about")


def lang_of(element: Any) -> str:
    return str(element.get("{http://www.w3.org/XML/1998/namespace}lang", ""))


def inner(element: Any) -> str:
    """What an element holds, as HTML."""
    children = (etree.tostring(c, encoding="unicode", method="html") for c in element)
    return clean(escape(element.text or "", quote=False) + "".join(children))


def text_of(element: Any) -> str:
    """All the text within an element. An entity the document made for itself stays as it was written."""
    if len(element) == 0:
        return clean(element.text or "")
    return clean("".join(element.itertext()))
