"""Cut what a reply carries along: quoted mails and signatures. What the writer wrote stays.

Rules, not a model: an attribution line or a block of headers says where a quote begins, `>` says what
it is. A quote that is marked ends where the marks end, so words below and between quotes stay; one
that is not marked reaches to the end. Where all would be cut, nothing is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crowdalogue.channels.mail.quote_words import (
    ATTRIBUTION_START,
    FORWARD,
    HEADER_LABEL,
    ORIGINAL,
    SENT_FROM,
    WROTE,
)

__all__ = ["Cut", "cut", "is_forward"]

MARKED = re.compile(r"[ \t\u00a0]{0,4}>")
ENDS_AS_ATTRIBUTION = re.compile(r"[:：][\s*_\u00a0-]*$")
ADDRESS = re.compile(r"[^\s<>@\"(\[]+@[^\s<>@\")\]]+")
CLOCK_OR_DATE = re.compile(
    r"\d{1,2}[:.hH時时시]\d{2}|\d{4}|\d{1,2}[./-]\d{1,2}|\d{1,2}\.?\s+\w{3,}|\w{3,}\.?\s+\d{1,2}"
)
INLINE_START = re.compile(
    r"(?<=\S)[ \t]+(?:-{2,3}[ \t]*)?(?=(?:On|Am|Le|El|Em|Il|Op|Den)\s+(?:\w+[,.]?\s+){0,3}\w{0,3}\d)"
)
DASHES = " \t\u00a0-_*=>"
# Marks of writing direction and of no width, which programs put around names and addresses.
INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# "2011/4/7 Ann <ann@example.com>", without a verb and a colon.
BARE = re.compile(r"[\s*]{0,4}\d{1,4}[./-]\d{1,2}[./-]\d{1,4}.{0,80}<[^<>\s]+@[^<>\s]+>\s*$")
RULE = re.compile(r"^\s*(?:[-_=*─—]{5,}|[-_]{2,3})\s*$")
SIGNATURE_LINE = re.compile(r"^(?:-- ?|--[ \t\u00a0]+|—|__+|-{3,}|[*_]{3,})\s*$")
CONTACT = re.compile(
    r"@\w|https?://|www\.|\+?\d[\d\s()/.-]{6,}\d|\b(?:tel|phone|fax|mobile|mob|skype)\b", re.IGNORECASE
)
FORWARD_SUBJECT = re.compile(
    r"^\s*(?:\[[^\]]{0,60}\]\s*)?(?:fwd?|wg|tr|rv|enc|i|doorst|vb|vs|vl|pd|továbbítás|転送|转发|轉寄|ilt)\s*[:：]",
    re.IGNORECASE,
)
MAX_LINES = 20_000  # of one mail that are looked at
MAX_BLOCK = 14  # lines a block of headers may have


@dataclass(frozen=True, slots=True)
class Cut:
    """`text` is what the writer wrote, `quoted` what was cut from it, in the order it was written."""

    text: str
    quoted: str = ""


def is_forward(subject: str) -> bool:
    """Does the subject say the mail hands on another one? Then a block of headers belongs to the message."""
    return bool(FORWARD_SUBJECT.match(subject))


def cut(body: str, forwarded: bool = False, writer: str = "") -> Cut:
    """Split `body` into the writer's own words and the rest.

    `forwarded` keeps unmarked quotes; `writer`, the sender's name, tells a block of contacts below it.
    """
    lines = _share_lines_apart(body.split("\n"))
    if len(lines) > MAX_LINES:
        return Cut(body.strip())
    seen = [INVISIBLE.sub("", line) for line in lines] if INVISIBLE.search(body) else lines
    quoted = _quoted_lines(seen, forwarded)
    if not _has_words(seen, quoted):
        quoted = [False] * len(lines)
    with_signature = _signature_lines(seen, quoted, writer)
    if _has_words(seen, with_signature):
        quoted = with_signature
    if True not in quoted:
        return Cut(_tidy(lines))
    own = _tidy([line for line, gone in zip(lines, quoted, strict=True) if not gone])
    return Cut(own, _tidy([line for line, gone in zip(lines, quoted, strict=True) if gone]))


def _has_words(lines: list[str], gone: list[bool]) -> bool:
    return any(not out and any(map(str.isalnum, line)) for line, out in zip(lines, gone, strict=True))


def _tidy(lines: list[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text.replace("\n\n\n", "\n\n").strip()


def _share_lines_apart(lines: list[str]) -> list[str]:
    """`Fine by me. On Tue, Ann wrote:` with a marked quote below: two lines that lost their line end."""
    out: list[str] = []
    for index, line in enumerate(lines):
        if len(line) > 40 and ENDS_AS_ATTRIBUTION.search(line) and not MARKED.match(line) and WROTE.search(line[-40:]):
            start = INLINE_START.search(line)
            if start and start.start() > 0 and not ATTRIBUTION_START.match(line) and _marked_next(lines, index + 1):
                out += [line[: start.start()], line[start.start() :].lstrip()]
                continue
        out.append(line)
    return out


def _marked_next(lines: list[str], index: int) -> bool:
    following = _next_with_words(lines, index)
    return following < len(lines) and MARKED.match(lines[following]) is not None


def _next_with_words(lines: list[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _quoted_lines(lines: list[str], forwarded: bool) -> list[bool]:
    """For each line whether it is quoted."""
    quoted = [False] * len(lines)
    index = 0
    while index < len(lines):
        line = lines[index]
        stripped = line.strip()
        if not stripped:
            index += 1
        elif MARKED.match(line):
            end = _end_of_marks(lines, index)
            if end - index > 1 or len(stripped) > 1:
                quoted[index:end] = [True] * (end - index)
            index = end
        elif _hands_on(line):
            break  # what is handed on is news here: it stays
        elif _rest_is_quote(lines, index, forwarded):
            start = _with_rule_above(lines, index)
            quoted[start:] = [True] * (len(lines) - start)
            break
        elif (size := _attribution(lines, index)) > 0:
            marked = _marked_next(lines, index + size)
            end = index + size if marked else len(lines)
            start = _with_rule_above(lines, index)
            quoted[start:end] = [True] * (end - start)
            index = end
        else:
            index += 1
    return quoted


def _end_of_marks(lines: list[str], index: int) -> int:
    """The line after a marked block, its inner blank lines and the tails of broken long lines included."""
    end = index
    while index < len(lines):
        line = lines[index]
        if MARKED.match(line):
            index += 1
            end = index
        elif not line.strip():
            following = _next_with_words(lines, index)
            if following >= len(lines) or not MARKED.match(lines[following]):
                return end
            index = following
        elif _is_tail(lines, index):
            index += 1
        else:
            return end
    return end


def _is_tail(lines: list[str], index: int) -> bool:
    """A short unmarked line between marks, after a long one: the mail program broke the line."""
    return (
        len(lines[index - 1]) >= 66
        and len(lines[index]) <= 40
        and index + 1 < len(lines)
        and MARKED.match(lines[index + 1]) is not None
    )


def _with_rule_above(lines: list[str], index: int) -> int:
    """A line of underscores above the quote, and blank lines between, go with it."""
    above = index - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and RULE.match(lines[above]) else index


def _rest_is_quote(lines: list[str], index: int, forwarded: bool) -> bool:
    line = lines[index]
    title = _dashed_title(line)
    if title and ORIGINAL.match(title):
        return True
    if forwarded:
        return False
    if title and _header_block(lines, _next_with_words(lines, index + 1)):
        return True
    return (":" in line[:40] and _header_block(lines, index)) or ("：" in line[:20] and _header_block(lines, index))


def _dashed_title(line: str) -> str:
    """`Some words` of `----- Some words -----`, "" where a line is none."""
    title = line.strip(DASHES)
    if not 3 <= len(title) <= 150 or not any(
        line.lstrip().startswith(mark) for mark in ("--", "__", "==", "**", "- -")
    ):
        return ""
    return title


def _hands_on(line: str) -> bool:
    """`---- Forwarded message ----` or `Begin forwarded message:`"""
    if len(line) > 150 or not (line.rstrip().endswith((":", "：")) or _dashed_title(line)):
        return False
    return FORWARD.match(line.strip(DASHES + ":：")) is not None


def _header_block(lines: list[str], index: int) -> bool:
    """Do From, Sent, To and Subject (in any language) stand here, as Outlook puts them above a quote?

    A customer's `From: Rome, To: Oslo, Date: May 3` is no such block: an address or a subject is asked for.
    """
    if index >= len(lines) or not HEADER_LABEL.match(lines[index]):
        return False
    seen: set[str] = set()
    address = False
    for line in lines[index : index + MAX_BLOCK]:
        if not line.strip():
            if len(seen) >= 2:
                break
            continue
        label = HEADER_LABEL.match(line)
        if label and label.lastgroup:
            seen.add(label.lastgroup)
        elif len(seen) >= 4:
            break
        address = address or "@" in line
    when = "sent" in seen or "date" in seen
    if "from" not in seen or len(seen) < 3:
        return "from" in seen and "sent" in seen and address
    return (when and ("subject" in seen or "sent" in seen or address)) or ("subject" in seen and address)


def _attribution(lines: list[str], index: int) -> int:
    """How many lines, from `index`, say `On <date> <someone> wrote:`; 0 where they do not."""
    joined = ""
    for size in range(1, 5):
        if index + size > len(lines):
            return 0
        line = lines[index + size - 1]
        if not line.strip() or (size > 1 and MARKED.match(line)):
            return 0
        joined = f"{joined} {line.strip()}" if joined else line.strip()
        if len(joined) > 400:
            return 0
        if ENDS_AS_ATTRIBUTION.search(line[-12:]) and _attributes(joined, _marked_next(lines, index + size), size):
            return 0 if _begins_later(lines, index, size) else size
        if size == 1 and BARE.match(line) and _marked_next(lines, index + 1):
            return 1
        if size == 1 and len(joined) < 200 and not (ATTRIBUTION_START.match(joined) or "@" in joined):
            return 0
    return 0


def _begins_later(lines: list[str], index: int, size: int) -> bool:
    """Do fewer of these lines say it already, so that the first ones are the writer's own?"""
    marked = _marked_next(lines, index + size)
    return any(
        _attributes(" ".join(line.strip() for line in lines[index + skipped : index + size]), marked, size - skipped)
        for skipped in range(1, size)
        if ATTRIBUTION_START.match(lines[index + skipped])
    )


def _attributes(line: str, marked_below: bool, size: int) -> bool:
    dated = CLOCK_OR_DATE.search(line) is not None
    verb = WROTE.search(line) is not None
    address = "@" in line and ADDRESS.search(line) is not None
    if size > 1 and not ATTRIBUTION_START.match(line) and not (address and dated):
        return False
    if verb:
        return (dated and (address or ATTRIBUTION_START.match(line) is not None or marked_below)) or (
            marked_below and len(line) < 160
        )
    return (
        address
        and dated
        and re.search(r"[>)\]\"'»*]?[:：][\s*_-]*$", line) is not None
        and (marked_below or re.search(r"<[^<>]*@[^<>]*>[^<>\w]*[:：]\s*$", line) is not None)
    )


def _signature_lines(lines: list[str], quoted: list[bool], writer: str) -> list[bool]:
    """`quoted`, with the signature lines of what is left."""
    out = list(quoted)
    own = [index for index, gone in enumerate(quoted) if not gone and lines[index].strip()]
    for index in own[-8:]:
        if len(lines[index]) < 140 and SENT_FROM.match(lines[index]):
            out[index] = True
    for start in range(len(own) - 1, max(-1, len(own) - 40), -1):
        position, index = start, own[start]
        below = [lines[i] for i in own[position + 1 :] if not out[i]]
        if SIGNATURE_LINE.match(lines[index]) and _may_be_signature(lines[index], below):
            while position > 0 and SIGNATURE_LINE.match(lines[own[position - 1]]):
                position -= 1
            for i in own[position:]:
                out[i] = True
            return out
    if writer:
        for i in _contact_block(lines, [index for index in own if not out[index]], writer):
            out[i] = True
    return out


def _contact_block(lines: list[str], own: list[int], writer: str) -> list[int]:
    """The last lines, where they begin with the writer's name alone and name ways to reach them."""
    name = writer.casefold().strip()
    for position in range(len(own) - 1, max(0, len(own) - 9), -1):
        if lines[own[position]].strip(" \t*_,.-").casefold() != name:
            continue
        below = [lines[i] for i in own[position + 1 :]]
        if all(len(line) <= 90 for line in below) and any(CONTACT.search(line) for line in below):
            return own[position:]
    return []


def _may_be_signature(mark: str, below: list[str]) -> bool:
    """`-- ` is the agreed mark; other rules count only above few short lines that name a contact."""
    if mark.rstrip() == "--":
        return len(below) <= 25
    short = len(below) <= 12 and all(len(line) <= 90 for line in below)
    return short and any(CONTACT.search(line) for line in below)
