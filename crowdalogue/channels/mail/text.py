"""HTML of mails: cleaned for showing, and turned into text with its quotes marked by `>`."""

from __future__ import annotations

import re
import secrets
from html import escape
from typing import Any

import nh3
from lxml import etree, html

from crowdalogue.channels.mail.charsets import clean

__all__ = ["as_html", "clean_html", "html_to_text"]

MAX_HTML = 4_000_000  # characters of HTML that are shown or read
MAX_DEPTH = 150  # elements inside each other that are told apart

TAGS = {
    "a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption",
    "center", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption",
    "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li",
    "main", "mark", "nav", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
ATTRIBUTES = {
    "*": {"dir", "lang", "title", "align", "valign", "style"},
    "a": {"href"}, "img": {"src", "alt", "width", "height"}, "font": {"color", "face", "size"},
    "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"}, "td": {"width", "height", "colspan",
    "rowspan", "bgcolor", "nowrap"}, "th": {"width", "height", "colspan", "rowspan", "bgcolor", "nowrap"},
    "tr": {"bgcolor"}, "col": {"width", "span"}, "ol": {"start", "type"}, "li": {"value"}, "blockquote": {"type"},
}  # fmt: skip
# No property here can fetch anything, lie above other parts of the page, or hide what it covers.
STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left", "border-radius",
    "border-right", "border-spacing", "border-style", "border-top", "border-width", "color", "direction", "font",
    "font-family", "font-size", "font-style", "font-weight", "height", "letter-spacing", "line-height", "margin",
    "margin-bottom", "margin-left", "margin-right", "margin-top", "max-width", "min-width", "padding",
    "padding-bottom", "padding-left", "padding-right", "padding-top", "table-layout", "text-align",
    "text-decoration", "text-indent", "text-transform", "vertical-align", "white-space", "width", "word-break",
}  # fmt: skip
EMPTIED = {"script", "style", "title", "head", "noscript", "template", "object", "embed", "iframe", "svg", "math"}
SCHEMES = {"http", "https", "mailto", "tel", "cid", "data"}
IMAGE_DATA = re.compile(r"data:image/(?:png|gif|jpe?g|webp);base64,", re.IGNORECASE)
HAS_SOURCES = re.compile(r"<img|data:|cid:", re.IGNORECASE)
# Marks remote images between cleaning and renaming; a new word each start, so no mail can hold it.
REMOTE = f"remote-{secrets.token_hex(8)}:"


def clean_html(source: str) -> str:
    """HTML that is safe to show: no scripts, few styles, nothing fetched from outside.

    A remote image keeps its address in `data-src`; `src="cid:..."` and embedded pictures stay.
    """
    source = _tame(clean(source[:MAX_HTML]))
    if not HAS_SOURCES.search(source):
        return _cleaned(source, None)
    return _cleaned(source, _address_filter).replace(f' src="{REMOTE}', ' data-src="')


def _cleaned(source: str, attribute_filter: Any) -> str:
    return nh3.clean(
        source,
        tags=TAGS,
        clean_content_tags=EMPTIED,
        attributes=ATTRIBUTES,
        attribute_filter=attribute_filter,
        url_schemes=SCHEMES,
        filter_style_properties=STYLES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    ).strip()


def _address_filter(element: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        start = value.lstrip()[:40]
        if start[:4].casefold() == "cid:" or IMAGE_DATA.match(start):
            return value
        return REMOTE + value if start.casefold().startswith(("http:", "https:", "//")) else None
    if attribute == "href":
        return None if value.lstrip()[:5].casefold() in ("data:", "cid:") else value
    return value


def _tame(source: str) -> str:
    """The same, or its bare text where no mail program wrote it: nesting or attributes that take minutes to read."""
    if len(source) < 20_000:
        return source
    depth = 0
    for piece in source.split("<")[1:]:
        tag, closed, _text = piece.partition(">")
        if not closed or (len(tag) > 4000 and (tag.count("=") > 400 or tag.count(" ") > 5000)):
            return escape(_untagged(source))
        if not tag.startswith(
            ("br", "img", "hr", "p", "li", "meta", "td", "tr", "th", "!", "BR", "P", "TD", "TR", "IMG")
        ):
            depth = max(0, depth - 1) if tag[:1] == "/" else depth + 1
        if depth > 2000:
            return escape(_untagged(source))
    return source


def _untagged(source: str) -> str:
    """What stands outside of tags, in time that grows with its length only."""
    first, *pieces = source.split("<")
    return first + " ".join(piece.partition(">")[2] for piece in pieces)


def as_html(text: str) -> str:
    """Plain text as a piece of HTML."""
    return "<div>" + escape(text).replace("\n", "<br>") + "</div>"


# HTML to text

BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "thead", "tfoot", "tr", "ul", "body", "html",
})  # fmt: skip
SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "dl"})
SKIPPED = frozenset({"script", "style", "head", "title", "noscript", "template", "object", "svg", "math", "iframe"})
QUOTE_CLASSES = re.compile(
    r"\b(?:gmail_quote|yahoo_quoted|protonmail_quote|tutanota_quote|moz-cite-prefix|zmail_extra|mail-quote|"
    r"gmx_quote|quotedText|ymail_quote|mailbird_quote|front-blockquote|hs_reply|WordSection1_quote)\b"
)
QUOTE_IDS = re.compile(
    r"^(?:OLK_SRC_BODY_SECTION|.*yahoo_quoted.*|mail-editor-reference-message-container|reply-intro|isReplyContent|"
    r"oriMsgHtmlSeperator|mailContentContainer-quote|x?_?quoted-?content)$",
    re.IGNORECASE,
)
# From here on to the end of the mail all is quoted.
CUT_IDS = re.compile(r"^(?:x_)?(?:divRplyFwdMsg|appendonsend|stopSpelling|zwchr)$", re.IGNORECASE)
SIGNATURE = re.compile(r"signature(?!.{0,12}prefix)", re.IGNORECASE)
INDENT_ONLY = re.compile(
    r"border(?:-left)?:\s*(?:none|0)|margin:\s*0(?:px)?\s+0(?:px)?\s+0(?:px)?\s+40px", re.IGNORECASE
)
DECLARATION = re.compile(r"<\?[^>]*>?")
SPACES = re.compile(r"[ \t\r\n\x0b\x0c]+")
FORWARDED = re.compile(r"^[\s\u00a0-]*(?:forwarded message|Weitergeleitete Nachricht|Message transféré)", re.IGNORECASE)


class _Writer:
    """Collects lines; each carries how deep in quotes it stands."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.depth = 0
        self.wrappers: list[Any] = []  # elements around an attribution and its quote
        self.cut = False
        self.pre = 0

    def add(self, text: str) -> None:
        if self.pre:
            first, *more = text.split("\n")
            self.line.append(first)
            for piece in more:
                self.new_line()
                self.line.append(piece)
            return
        text = SPACES.sub(" ", text)
        if text == " " and not self.line:
            return
        self.line.append(text)

    def new_line(self) -> None:
        text = "".join(self.line).replace("\u00a0", " ")
        self.line.clear()
        text = text.rstrip() if self.pre else text.strip() + (" " if text.strip() == "--" else "")
        depth = self.depth + (1 if self.cut else 0)
        self.lines.append(f"{'>' * depth} {text}".rstrip() if depth else text)

    def end_block(self, spaced: bool) -> None:
        if self.line:
            self.new_line()
        if spaced and self.lines and self.lines[-1].strip("> "):
            self.new_line()


def html_to_text(source: str) -> str:
    """Text of HTML as a reader sees it, quoted parts marked by `> ` at each line's start."""
    source = _tame(clean(source[:MAX_HTML]))
    if not source.strip():
        return ""
    try:
        root = html.document_fromstring(
            _undeclared(source), parser=html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
        )
    except (etree.LxmlError, ValueError, AssertionError):
        return _untagged(source).strip()
    writer = _Writer()
    _write(root, writer)
    writer.end_block(False)
    return "\n".join(writer.lines).strip("\n")


def _undeclared(source: str) -> str:
    """Without `<?...>`: lxml refuses text that declares an encoding, and is slow on one that never closes."""
    return DECLARATION.sub("", source) if "<?" in source else source


def _write(root: Any, writer: _Writer) -> None:
    """Walk the tree without recursion: entering and leaving are separate entries of a stack."""
    stack: list[tuple[Any, int]] = [(root, 0)]
    while stack:
        element, state = stack.pop()
        if state:
            _leave(element, writer, state)
            if element.tail and element is not root:
                writer.add(element.tail)
            continue
        if not isinstance(element.tag, str) or element.tag in SKIPPED:
            if element.tail:
                writer.add(element.tail)
            continue
        stack.append((element, _enter(element, writer)))
        stack.extend((child, 0) for child in reversed(element))


ENTERED, QUOTED, PRE, WRAPPED = 1, 2, 4, 8


def _enter(element: Any, writer: _Writer) -> int:
    """Write what precedes an element's content; the bits returned say what leaving must undo."""
    tag, state = element.tag, ENTERED
    if tag == "br":
        writer.new_line()
        return state
    if tag in BLOCKS:
        writer.end_block(tag in SPACED)
        if tag == "li":
            writer.line.append("- ")
        elif tag == "hr" and not writer.cut and not element.get("id"):
            writer.lines.append("")
    elif tag in ("td", "th") and writer.line:
        writer.line.append(" ")
    if element.attrib:
        state |= _enter_marked(element, writer)
    elif tag == "blockquote":
        writer.depth += 1
        state |= QUOTED
    if tag == "pre":
        writer.pre += 1
        state |= PRE
    if tag == "img" and (element.get("alt") or "").strip() and len(element.get("alt")) < 60:
        writer.add(f"[{element.get('alt').strip()}]")
    if element.text:
        writer.add(element.text)
    return state


def _enter_marked(element: Any, writer: _Writer) -> int:
    """Quotes and signatures that mail programs mark by class, id or style."""
    name, own_class = element.get("id") or "", element.get("class") or ""
    if name and CUT_IDS.match(name):
        writer.end_block(False)
        writer.cut = True
        return 0
    if element.tag == "blockquote":
        quoted = not INDENT_ONLY.search(element.get("style") or "") or element.get("type") == "cite"
    else:
        quoted = bool(
            (own_class and QUOTE_CLASSES.search(own_class))
            or (name and QUOTE_IDS.match(name))
            or element.get("name") == "quote"
        ) and not _hands_on(element)
    if quoted:
        writer.end_block(False)
        writer.depth += 1
        if element.tag != "blockquote" and element.find(".//blockquote") is not None:
            writer.wrappers.append(element)
            return WRAPPED
        return QUOTED
    marked = SIGNATURE.search(f"{own_class} {name} {element.get('name') or ''}")
    if (marked or element.get("data-signatureblock")) and not writer.depth and _has_text(element):
        writer.end_block(False)
        writer.lines.append("-- ")
    return 0


def _has_text(element: Any) -> bool:
    return any(piece.strip() for piece in element.itertext())


def _hands_on(element: Any) -> bool:
    """Gmail wraps a forwarded mail like a quote; but there it is the message."""
    for count, piece in enumerate(element.itertext()):
        if piece.strip():
            return bool(FORWARDED.match(piece))
        if count > 20:
            return False
    return False


def _leave(element: Any, writer: _Writer, state: int) -> None:
    if state & QUOTED:
        writer.end_block(False)
        writer.depth -= 1
        if writer.wrappers and element.tag == "blockquote":
            # What stands below the quote in the same wrapper is an answer.
            writer.wrappers.pop()
            writer.depth -= 1
    if state & WRAPPED and element in writer.wrappers:
        writer.end_block(False)
        writer.wrappers.remove(element)
        writer.depth -= 1
    if state & PRE:
        writer.end_block(False)
        writer.pre -= 1
    if element.tag in BLOCKS:
        writer.end_block(element.tag in SPACED)
