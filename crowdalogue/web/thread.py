"""One conversation as it is drawn: days with messages, notes and events, and what was found in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf.locale import LANG_INFO
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from crowdalogue.analyze import pipeline
from crowdalogue.analyze.document import NOTHING
from crowdalogue.models import Conversation, Event, Message, Reading
from crowdalogue.web import found as panel
from crowdalogue.web.words import said

AT_ONCE = 100  # messages of a conversation drawn at a time
EVENTS = 100
SHOWN_STEPS = ("intent", "sentiment", "needs_answer", "urgency", "language", *panel.STEPS)
MARKED_STEPS = ("intent", "sentiment", "urgency")
OURS = frozenset({"out", "note"})

EVENT_LOOKS = {  # deed -> (icon, words with {what})
    "assigned": ("i-user", "gave it to {what}"),
    "snoozed": ("i-clock", "snoozed it until {what}"),
    "woken": ("i-clock", "It came back from snoozing"),
    "closed": ("i-check", "closed it"),
    "reopened": ("i-reopen", "reopened it"),
    "set_apart": ("i-archive", "kept it apart: {what}"),
    "tagged": ("i-tag", "tagged it {what}"),
    "untagged": ("i-tag", "took off the tag {what}"),
    "corrected": ("i-edit", "corrected {what}"),
    "undone": ("i-undo", "took back {what}"),
    "hide": ("i-eye", "hid it there: {what}"),
    "unhide": ("i-eye", "showed it there again: {what}"),
    "like": ("i-heart", "liked it there: {what}"),
    "unlike": ("i-heart", "took back the like: {what}"),
    "delete": ("i-cross", "deleted it there: {what}"),
    "block": ("i-lock", "blocked its author: {what}"),
    "unblock": ("i-lock", "unblocked its author: {what}"),
}
UNDONE = {
    "assigned": "the change of owner",
    "snoozed": "the snooze",
    "closed": "the closing",
    "reopened": "the reopening",
    "set_apart": "keeping it apart",
}


@dataclass(slots=True)
class Line:
    """A message or an event, at its time."""

    at: datetime
    message: Message | None = None
    event: Event | None = None
    body: SafeString | None = None
    icon: str = ""
    words: str = ""


@dataclass(slots=True)
class Day:
    day: date
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step says of a message, with the words that led to it, and the labels a person may choose instead."""

    step: str
    label: str
    shown: str
    confidence: float
    by_person: bool
    quotes: list[SafeString]
    choices: tuple[tuple[str, str], ...]  # label, and how it is written


@dataclass(slots=True)
class Thread:
    days: list[Day]
    earlier: str  # where the messages before these begin; empty when these are all
    newest: Message | None  # of the customer
    findings: list[Finding]


def read(conversation: Conversation, before: str = "") -> Thread:
    """The newest messages and events (or those before a place), in five queries however many there are."""
    wanted = conversation.messages.select_related("handle", "user", "reply", "reading").prefetch_related(
        "attachments", "deeds__user"
    )
    if (place := _place(before)) is not None:
        wanted = wanted.filter(sent_at__lte=place[0]).exclude(sent_at=place[0], id__gte=place[1])
    found = list(wanted.order_by("-sent_at", "-id")[: AT_ONCE + 1])
    more, found = len(found) > AT_ONCE, found[:AT_ONCE]
    lines = [Line(m.sent_at, message=m, body=body_of(m)) for m in reversed(found)]
    events = conversation.events.select_related("user").order_by("-at", "-id")
    if place is not None:
        events = events.filter(at__lt=place[0])
    if more:
        events = events.filter(at__gte=found[-1].sent_at)
    lines += [line for e in events[:EVENTS] if (line := line_of(e))]
    newest = next((m for m in found if m.direction == Message.Direction.IN), None)
    earlier = f"{found[-1].sent_at.isoformat()}_{found[-1].pk}" if more else ""
    return Thread(by_day(lines), earlier, newest, findings_of(newest) if newest else [])


def _place(before: str) -> tuple[datetime, int] | None:
    at, _, pk = before.rpartition("_")
    try:
        return datetime.fromisoformat(at), int(pk)
    except ValueError:
        return None


def by_day(lines: Iterable[Line]) -> list[Day]:
    days: dict[date, Day] = {}
    for line in sorted(lines, key=lambda one: one.at):
        here = timezone.localtime(line.at).date()
        days.setdefault(here, Day(here)).lines.append(line)
    return list(days.values())


def line_of(event: Event) -> Line | None:
    icon, words = EVENT_LOOKS.get(event.deed, ("i-rule", event.deed.replace("_", " ") + " {what}"))
    what = event.what
    if event.deed == "snoozed":
        what = _local(what)
    elif event.deed == "undone":
        what = UNDONE.get(what, what)
    said = words.format(what=what).strip().removesuffix(":")
    return Line(event.at, event=event, icon=icon, words=said)


def _local(iso: str) -> str:
    try:
        at = timezone.localtime(datetime.fromisoformat(iso))
    except ValueError:
        return iso
    return f"{at:%a} {at.day} {at:%b}, {at:%H:%M}"


# --- texts with what was found in them


def reading_of(message: Message) -> Reading | None:
    return getattr(message, "reading", None)


def spans_of(message: Message) -> list[tuple[int, int]]:
    """The words that led to a label, as spans of the text; overlaps made one."""
    reading = reading_of(message)
    if reading is None or message.direction in OURS:
        return []
    spans: list[tuple[int, int]] = []
    for step in MARKED_STEPS:
        for start, end in _words(reading.findings.get(step)):
            if 0 <= start < end <= len(message.text):
                spans.append((start, end))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _words(finding: Any) -> list[tuple[int, int]]:
    found = finding.get("words", []) if isinstance(finding, dict) else []
    return [(w[0], w[1]) for w in found if len(w) == 2 and all(isinstance(i, int) for i in w)]


def marked(text: str, spans: Iterable[tuple[int, int]]) -> SafeString:
    """The text, escaped, with <mark> around the spans (sorted, apart from each other)."""
    pieces: list[SafeString] = []
    done = 0
    for start, end in spans:
        pieces.append(format_html("{}<mark>{}</mark>", text[done:start], text[start:end]))
        done = end
    pieces.append(format_html("{}", text[done:]))
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def body_of(message: Message) -> SafeString:
    return marked(message.text, spans_of(message))


def findings_of(message: Message) -> list[Finding]:
    reading = reading_of(message)
    if reading is None:
        return []
    labels = {step.name: step.labels for step in pipeline.STEPS}
    return [
        _finding(message, step, found, labels.get(step, ()))
        for step in SHOWN_STEPS
        if isinstance(found := reading.findings.get(step), dict)
        and found.get("label")
        and (found["label"] != NOTHING or found.get("version") == "person")
    ]


def _finding(message: Message, step: str, found: dict[str, Any], labels: tuple[str, ...]) -> Finding:
    label = found["label"]
    return Finding(
        step=step,
        label=label,
        shown=said(language_name(label)) if step == "language" else panel.shown(step, found),
        confidence=float(found.get("confidence", 0)),
        by_person=found.get("version") == "person",
        quotes=[] if step in panel.WITHOUT_QUOTE else quotes_of(message.text, _words(found)),
        choices=tuple((other, panel.chosen(step, other)) for other in labels if other != label),
    )


def language_name(code: str) -> str:
    info = LANG_INFO.get(code.lower()) or LANG_INFO.get(code.split("-")[0].lower()) or {}
    return str(info.get("name", code))


def quotes_of(text: str, spans: list[tuple[int, int]], around: int = 34) -> list[SafeString]:
    """The strongest words that led to a label with a little of what stands around them, as at most one quote."""
    spans = [(start, end) for start, end in spans if 0 <= start < end <= len(text)]
    if not spans:
        return []
    start, end = spans[0]
    left, right = max(0, start - around), min(len(text), end + around)
    if left and (space := text.find(" ", left, start)) >= 0:
        left = space + 1
    if right < len(text) and (space := text.rfind(" ", end, right)) >= 0:
        right = space
    inside = sorted((max(a, left) - left, min(b, right) - left) for a, b in spans if a < right and b > left)
    apart = [span for n, span in enumerate(inside) if n == 0 or span[0] >= inside[n - 1][1]]
    before, after = "…" if left else "", "…" if right < len(text) else ""
    return [format_html("{}{}{}", before, marked(text[left:right], apart), after)]
