"""How pages say things: times, clocks, numbers, channels, icons. Loaded into every template.

Tags     {% icon "i-mail" label="E-mail" %}  {% channel kind %}  {% feeling "negative" %}  {% when at %}
         {% promise conversation %}  {% asset "base.css" %}
Filters  n|number  n|capped  x|percent  seconds|duration  bytes|filesize  n|plural:"message,messages"
         extra|beside  facts|reach  name|deed_words
         text|first_sentence  name|initials  label|said  kind|channel_name  at|day  at|clock
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from crowdalogue import channels
from crowdalogue.act import deeds
from crowdalogue.relate import given

register = template.Library()

# Labels of the reading steps as people say them; what is not here is shown with spaces for underscores.
SAID = {
    "churn_risk": "May leave us",
    "purchase_intent": "Wants to buy",
    "negative": "Negative",
    "neutral": "Neutral",
    "positive": "Positive",
    "yes": "Needs an answer",
    "no": "Needs no answer",
    "high": "Urgent",
    "normal": "Not urgent",
    "low": "Not urgent",
    "und": "Not recognised",
}
STEPS_SAID = {
    "sentiment": "Feeling",
    "intent": "What it is",
    "needs_answer": "Answer",
    "urgency": "Urgency",
    "language": "Language",
    "duplicate": "Copies",
    "hearsay": "First-hand or hearsay",
    "machine_written": "By a machine",
}


# ---------- icons


@register.simple_tag
def icon(name: str, label: str = "", classes: str = "") -> SafeString:
    """An icon of icons.html. Without a label it is decoration; with one it is read out."""
    kind = "i " + classes if classes else "i"
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="#{}"/></svg>', kind, label, name)
    return format_html('<svg class="{}" aria-hidden="true"><use href="#{}"/></svg>', kind, name)


def channel_look(kind: str) -> tuple[str, str]:
    """Icon and name of a channel."""
    return channels.icon_of(kind), channels.label_of(kind)


@register.simple_tag
def channel(kind: str) -> SafeString:
    """The channel's icon, with its name for those who do not see it."""
    name, label = channel_look(kind)
    return icon(name, label)


@register.filter
def channel_name(kind: str) -> str:
    return channel_look(kind)[1]


@register.simple_tag
def feeling(sentiment: str) -> SafeString:
    """Shape first, colour second: triangle down, bar, triangle up."""
    shape = {"negative": "neg", "neutral": "neu", "positive": "pos"}.get(sentiment)
    if not shape:
        return mark_safe("")
    return format_html(
        '<svg class="mark {0}" role="img" aria-label="{1}"><use href="#m-{0}"/></svg>', shape, sentiment.capitalize()
    )


# ---------- times


def exact(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.day} {local:%B %Y, %H:%M}"


def relative(at: datetime, now: datetime | None = None) -> str:
    """24 min, 3 h, yesterday, Tue, 14 Nov, Feb 2025; "in 5 min" for what is to come."""
    now = now or timezone.now()
    seconds = (now - at).total_seconds()
    if -30 < seconds < 60:
        return "now"
    if seconds < 0:
        return _to_come(at, now)
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    here, today = timezone.localtime(at), timezone.localtime(now)
    if seconds < 12 * 3600 or here.date() == today.date():
        return f"{int(seconds // 3600)} h"
    days = (today.date() - here.date()).days
    if days == 1:
        return "yesterday"
    if days < 7:
        return f"{here:%a}"
    return f"{here.day} {here:%b}" if days < 300 else f"{here:%b %Y}"


def _to_come(at: datetime, now: datetime) -> str:
    minutes = int((at - now).total_seconds() // 60)
    here, today = timezone.localtime(at), timezone.localtime(now)
    if minutes < 60:
        return f"in {max(minutes, 1)} min"
    if here.date() == today.date():
        return f"{here:%H:%M}"
    if here.date() == (today + timedelta(days=1)).date():
        return f"tomorrow {here:%H:%M}"
    return f"{here:%a} {here:%H:%M}" if (here.date() - today.date()).days < 7 else f"{here.day} {here:%b}"


@register.simple_tag
def when(at: datetime | None, style: str = "relative") -> SafeString:
    """A time: relative, exact on hover; style "clock" is 14:08, "exact" the whole. Script keeps it fresh."""
    if at is None:
        return mark_safe("")
    shown = {"clock": f"{timezone.localtime(at):%H:%M}", "exact": exact(at)}.get(style) or relative(at)
    fresh = mark_safe(" data-fresh") if style == "relative" else ""
    return format_html('<time datetime="{}" title="{}"{}>{}</time>', at.isoformat(), exact(at), fresh, shown)


@register.filter
def day(at: datetime | date) -> str:
    """Today, Yesterday, Tuesday 17 November; with the year when it is another one."""
    here = timezone.localtime(at).date() if isinstance(at, datetime) else at
    today = timezone.localdate()
    if here == today:
        return "Today"
    if here == today - timedelta(days=1):
        return "Yesterday"
    return f"{here:%A} {here.day} {here:%B}" + ("" if here.year == today.year else f" {here.year}")


@register.filter
def clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"


@register.filter
def duration(seconds: float | None) -> str:
    """45 s, 11 min, 2 h 05, 3 d 4 h, 16 months, 8 years."""
    if seconds is None:
        return "–"
    s = int(abs(seconds))
    if s < 60:
        return f"{s} s"
    if s < 3600:
        return f"{s // 60} min"
    if s < 86400:
        return f"{s // 3600} h" + (f" {s % 3600 // 60:02d}" if s % 3600 >= 60 else "")
    if s >= 365 * 86400:
        return f"{s // (365 * 86400)} years" if s >= 730 * 86400 else f"{s // (30 * 86400)} months"
    return f"{s // 86400} d" + (f" {s % 86400 // 3600} h" if s % 86400 >= 3600 and s < 864000 else "")


RING = (
    '<svg viewBox="0 0 18 18" aria-hidden="true"><circle class="track" cx="9" cy="9" r="7"/>'
    '<circle cx="9" cy="9" r="7" pathLength="100" stroke-dasharray="{} 100" transform="rotate(-90 9 9)"/></svg>'
)
LATE = mark_safe('<svg viewBox="0 0 12 12" aria-hidden="true"><path d="M6 0l6 6-6 6-6-6z"/></svg>')


def promise_look(due: datetime, since: datetime | None, now: datetime) -> tuple[str, int, str]:
    """(ok | soon | late, share of the time left in per cent, words). Soon: ten minutes, or a quarter of
    a long promise but at most its last hour."""
    left = (due - now).total_seconds()
    if left <= 0:
        return "late", 0, f"{duration(max(-left, 60))} late"
    span = max((due - since).total_seconds(), 60.0) if since else 1800.0
    soon = max(600.0, min(span / 4, 3600.0))
    share = min(100, max(3, round(100 * left / span)))
    return ("soon" if left <= soon else "ok"), share, duration(max(left, 60))


@register.simple_tag
def promise(conversation: Any, word: str = "") -> SafeString:
    """How long until the promise breaks: shape, words, then colour. Nothing where nothing waits."""
    due, since = conversation.due_at, conversation.waiting_since
    if not since or conversation.state in ("closed", "apart"):
        return mark_safe("")
    if not due:
        return format_html('<span class="clock ok"><span class="vh">No promise: </span>waits {}</span>', _waits(since))
    look, share, said = promise_look(due, since, timezone.now())
    drawn = LATE if look == "late" else format_html(RING, share)
    words = said if look == "late" or not word else f"{said} {word}"
    return format_html(
        '<span class="clock {}" data-due="{}" data-since="{}" data-word="{}" title="Promised by {}">{}'
        '<span class="vh">Promise: </span><span class="left">{}</span></span>',
        look, due.isoformat(), since.isoformat(), word, exact(due), drawn, words,
    )  # fmt: skip


def _waits(since: datetime) -> str:
    return duration((timezone.now() - since).total_seconds())


# ---------- numbers and names


@register.filter
def number(n: float | None) -> str:
    if n is None:
        return "–"
    return f"{n:,}" if isinstance(n, int) else f"{n:,.1f}"


@register.filter
def capped(n: int) -> str:
    """999+ for a count that was not counted to its end."""
    return f"{n:,}" if n < 1000 else "999+"


@register.filter
def percent(x: float | None, digits: int = 0) -> str:
    return "–" if x is None else f"{100 * x:.{digits}f}%"


@register.filter
def filesize(n: int) -> str:
    size, units = float(n), ["bytes", "KB", "MB", "GB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.0f} {units[0]}" if size >= 10 or units[0] == "bytes" else f"{size:.1f} {units[0]}"


@register.filter
def plural(n: int, words: str) -> str:
    """1 message, 1,284 messages: {{ n|plural:"message,messages" }}."""
    one, many = words.split(",")
    return f"{number(n)} {one if n == 1 else many}"


@register.filter
def beside(extra: Any) -> list[str]:
    """What a source says beside a message's words, in words: ["4 of 5", "Verified purchase", "Kettle 2", "Graz"]."""
    found = given.said_in(extra) if isinstance(extra, dict) else given.NOTHING
    most = f" of {found.most:g}" if found.most is not None else ""
    stars = f"Rated {found.rating:g}{most}" if found.rating is not None else ""
    bought = "Verified purchase" if found.bought else ""
    release = f"version {found.version}" if found.version else ""
    return [said for said in (stars, bought, found.product, release, found.place) if said]


@register.filter
def reach(facts: Any) -> str:
    """Who listens to an author, where their channel says so: 1,200 followers, verified there."""
    found = given.author_in(facts) if isinstance(facts, dict) else given.NOBODY
    followers = plural(found.followers, "follower,followers") if found.followers else ""
    return ", ".join(filter(None, (followers, "verified there" if found.verified else "")))


@register.filter
def first_sentence(text: str) -> str:
    """The first sentence of a few, for lists."""
    head, stop, _ = text.partition(". ")
    return head + "." if stop else text


@register.filter
def deed_words(name: str) -> str:
    """`hide` as Hide: what was done to a message where it was said."""
    return deeds.WORDS.get(name, name)


@register.filter
def initials(name: Any) -> str:
    parts = [w for w in str(name).replace("@", " ").replace(".", " ").split() if w[:1].isalnum()]
    return "".join(w[0] for w in parts[:2]).upper() or "–"


@register.filter
def said(label: str) -> str:
    """A label of a reading step as people say it."""
    return SAID.get(label) or str(label).replace("_", " ").capitalize()


@register.filter
def step_said(step: str) -> str:
    return STEPS_SAID.get(step) or step.replace("_", " ").capitalize()


# ---------- assets


@register.simple_tag
def asset(name: str) -> str:
    """The address of one of our static files; it changes with the content, so an upgrade is seen at once."""
    return f"{static(name)}?v={_digest(name)}"


@lru_cache
def _digest(name: str) -> str:
    path = finders.find(name)
    if not path:
        return "0"
    with open(path, "rb") as file:  # noqa: PTH123 - finders give strings
        return hashlib.blake2b(file.read(), digest_size=5).hexdigest()
