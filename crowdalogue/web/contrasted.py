"""A comparison in words and pictures: the sentence on top, dots with intervals, words, warnings, the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, inf, isfinite, log
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from crowdalogue.relate import topicnames
from crowdalogue.relate.comparison import Compared
from crowdalogue.relate.filters import CHOICES, PERIODS, Filters
from crowdalogue.relate.groups import Contrast, Row, Warned
from crowdalogue.relate.scope import company_zone
from crowdalogue.web import drill
from crowdalogue.web.charts import EMPTY, Cell, Table, shown
from crowdalogue.web.words import number

KINDS = {
    "intent": "Intent",
    "sentiment": "Sentiment",
    "urgency": "Urgency",
    "needs_answer": "Needs an answer",
    "topic": "Topic",
    "channel": "Channel",
    "brand": "Brand",
    "language": "Language",
    "country": "Country",
    "hearsay": "First-hand",
    "month": "Month",
    "word": "Word",
}
DEEDS = {
    "question": "ask a question",
    "complaint": "complain",
    "praise": "praise",
    "idea": "suggest something",
    "purchase_intent": "want to buy",
    "churn_risk": "talk of leaving",
    "review": "write a review",
    "spam": "send spam",
}
DID = {
    "question": "asked a question",
    "complaint": "complained",
    "praise": "praised",
    "idea": "suggested something",
    "purchase_intent": "wanted to buy",
    "churn_risk": "talked of leaving",
    "review": "wrote a review",
    "spam": "sent spam",
}
DRAWN = 16  # labels of the picture
WIDEST = 16.0  # of the picture: a ratio beyond it stands at its edge
EDGE = 44.0  # percent of the drawing either side of the middle
NB = "\u00a0"


@dataclass(frozen=True)
class Side:
    """A group as the page speaks of it: "wrote by E-mail"."""

    filters: Filters
    who: str


def now() -> datetime:
    """The start of this minute, so that what follows from it holds for a minute."""
    return timezone.now().replace(second=0, microsecond=0)


# --- in words


def who(filters: Filters, other: Filters) -> str:
    """What tells this group from the other, as the end of "who ..."; "is among the rest" where nothing does."""
    parts = []
    if filters.topic and filters.topic != other.topic:
        parts.append(f"wrote about “{'” or “'.join(topicnames.said(filters.topic))}”")
    for name in ("channel", "brand", "sentiment", "intent", "urgency", "language", "country", "hearsay", "tag"):
        mine = getattr(filters, name)
        if name == "intent" and len(mine) == 1 and mine != other.intent and mine[0] in DID:
            parts.append(DID[mine[0]])
        elif name == "sentiment" and len(mine) == 1 and mine != other.sentiment and mine[0] != "-":
            parts.append(f"wrote something {value_name(name, mine[0]).lower()}")
        elif mine and mine != getattr(other, name):
            parts.append(_trait(name, " or ".join(value_name(name, v) for v in mine)))
    for name in ("whose", "needs_answer", "wait", "direction"):
        mine = getattr(filters, name)
        if mine != getattr(other, name) and mine:
            parts.append(f"is under “{CHOICES[name][mine]}”")
    if filters.weekday is not None and filters.weekday != other.weekday:
        parts.append(f"wrote on a {value_name('weekday', filters.weekday)}")
    if filters.hour is not None and filters.hour != other.hour:
        parts.append(f"wrote from {value_name('hour', filters.hour)}")
    if (filters.period, filters.start, filters.end) != (other.period, other.start, other.end):
        parts.append(_when(filters))
    if filters.author is not None and filters.author != other.author:
        parts.append("is that person")
    return " and ".join(parts) or "is among the rest"


def _trait(name: str, values: str) -> str:
    said = {
        "channel": "wrote by",
        "brand": "wrote about",
        "language": "wrote in",
        "tag": "has the tag",
        "country": "is in",
    }
    return f"{said[name]} {values}" if name in said else f"wrote something of {KINDS[name].lower()} “{values.lower()}”"


def _when(filters: Filters) -> str:
    if filters.start and filters.end:
        days = [drill.name_of("day", d) for d in (filters.start, filters.end)]
        return f"wrote on {days[0]}" if days[0] == days[1] else f"wrote from {days[0]} to {days[1]}"
    if filters.period == "all":
        return "wrote at any time"
    return f"wrote {'' if filters.period == 'today' else 'in the '}{PERIODS[filters.period]}"


def value_name(kind: str, value: Any) -> str:
    """A label or word as a person reads it."""
    if kind in ("word", "month", "tag"):
        return str(value)
    return str(value).capitalize() if kind in ("needs_answer", "urgency") else drill.name_of(kind, value)


def does(row: Row) -> str:
    """What the people of a row do, after "who ...": complain, write by E-mail, use the word "battery"."""
    name = value_name(row.kind, row.value)
    if row.kind == "intent":
        return DEEDS.get(row.value, f"write something of intent “{name.lower()}”")
    said = {
        "sentiment": f"write something {name.lower()}",
        "urgency": f"write something of urgency “{name.lower()}”",
        "needs_answer": "need an answer",
        "channel": f"write by {name}",
        "brand": f"write about {name}",
        "topic": f"write about “{name}”",
        "language": f"write in {name}",
        "country": f"are in {name}",
        "hearsay": f"tell something {name.lower()}",
    }
    return said.get(row.kind, f"write “{name}”")


def title(found: Contrast, sides: tuple[Side, Side]) -> str:
    """The strongest finding as a sentence; labels before words, and none that a third variable turns round."""
    if found.figures is None:
        return "Too few to say"
    stand = [r for r in found.rows if found.figures.stands[r.at]]
    sure = [r for r in stand if not any(w.turned for w in r.warned)] or stand
    if not sure:
        return (
            f"Nothing sets them apart beyond chance (n = {number(found.one.authors)} and {number(found.two.authors)})"
        )
    row = next((r for r in sure if r.kind != "word"), sure[0])
    n1, n2 = int(found.figures.n1[row.at]), int(found.figures.n2[row.at])
    ratio = float(found.figures.ratio[row.at])
    first, second = sides
    if ratio < 1:
        first, second, n1, n2 = second, first, n2, n1
        ratio = 1 / ratio if ratio else inf
    if not isfinite(ratio):
        return f"Who {first.who} {does(row)}, who {second.who} never (n = {number(n1)} and {number(n2)})"
    counts = f"(n = {number(n1)} and {number(n2)})"
    return f"Who {first.who} {does(row)} {times(ratio)} times as often as who {second.who} {counts}"


def times(ratio: float) -> str:
    """A ratio with the digits it can bear: 0.42, 1.8, 12."""
    if ratio == 0:
        return "0"
    if not isfinite(ratio):
        return "∞"
    return (
        f"{ratio:.2f}"
        if ratio < 1
        else f"{ratio:.2f}"
        if ratio < 1.1
        else f"{ratio:.1f}"
        if ratio < 10
        else number(round(ratio))
    )


def points(value: float) -> str:
    """A difference of shares in points of percent, with its sign."""
    text = f"{100 * value:+.1f}" if abs(value) < 0.1 else f"{100 * value:+.0f}"
    return "0" if float(text) == 0 else text.replace("-", "−")


def _range(low: float, high: float) -> str:
    return f"{times(low)} to {times(high)}" if isfinite(high) else f"{times(low)} or more"


# --- the messages of a row


def behind(filters: Filters, row: Row) -> str:
    """The address of a group's messages that have what the row says."""
    if row.kind == "word":
        return _search(filters, row.value)
    changed = {"needs_answer": row.value} if row.kind == "needs_answer" else {row.kind: (row.value,)}
    return drill.messages(filters.with_(**changed))


def _search(filters: Filters, word: str) -> str:
    """Search knows words, channels, brands, direction and days; of the other filters it says nothing."""
    parts = [f'"{word}"', *(f"channel:{c}" for c in filters.channel)]
    parts += [f'brand:"{b.replace(chr(34), " ")}"' for b in filters.brand if b != "-"]
    parts += [f"{filters.direction}:"] if filters.direction in ("in", "out", "note") else []
    if days := filters.days(company_zone(), now()):
        parts += [f"after:{days[0].isoformat()}", f"before:{(days[1] + timedelta(days=1)).isoformat()}"]
    return f"{reverse('search')}?{urlencode({'q': ' '.join(parts)})}"


# --- pictures


def picture(found: Contrast, rows: list[Row], sides: tuple[Side, Side]) -> SafeString:
    """Labels as dots with intervals on a scale of ratios, the line of no difference through all of them."""
    if found.figures is None or not rows:
        return EMPTY
    drawn = [r for r in rows if found.figures.said[r.at]][:DRAWN]
    few = [r for r in rows if not found.figures.said[r.at]][: DRAWN - len(drawn)]
    top = _reach(found.figures, drawn)
    body = [_drawn_row(found.figures, r, sides, top) for r in drawn] + [_few_row(found.figures, r) for r in few]
    return format_html(
        '<table class="dots chart"><caption class="vh">How many times as often people of the first group do it as '
        'those of the second, with 95% intervals, by evidence</caption><thead><tr><th scope="col">What</th>'
        '<th scope="col" class="draw">{}<span class="vh">Drawn</span></th><th scope="col" class="num">Times</th>'
        '<th scope="col" class="num">95%</th></tr></thead><tbody>{}</tbody></table>',
        _scale(top),
        format_html_join("", "{}", [(row,) for row in body]),
    )


def _reach(figures: Compared, rows: list[Row]) -> float:
    """The largest ratio of the scale: 2, 4, 8 or 16, and the same below one."""
    far = [1.5]
    for r in rows:
        far += [
            max(x, 1 / x) for x in (figures.ratio[r.at], figures.ratio_low[r.at], figures.ratio_high[r.at]) if x > 0
        ]
    most = max(x for x in far if isfinite(x))
    return min(2.0 ** ceil(log(most, 2)), WIDEST)


def _x(ratio: float, top: float) -> str:
    place = -1.0 if ratio <= 0 else 1.0 if not isfinite(ratio) else max(-1.0, min(1.0, log(ratio) / log(top)))
    return f"{50 + EDGE * place:.2f}%"


def _scale(top: float) -> SafeString:
    steps = round(log(top, 2))
    marks = [(2.0**i, "same" if i == 0 else f"{2**i}×" if i > 0 else f"1/{2**-i}") for i in range(-steps, steps + 1)]
    shown_marks = marks if steps <= 2 else marks[:: 2 if steps % 2 == 0 else 1]
    return format_html(
        '<svg class="dot scale" aria-hidden="true"><text class="r" x="50%" dx="-12" y="12">more in the second</text>'
        '<text x="50%" dx="12" y="12">more in the first</text>'
        '<line class="axis" x1="0" x2="100%" y1="20.5" y2="20.5"/>{}</svg>',
        format_html_join("", '<text class="m" x="{}" y="36">{}</text>', [(_x(v, top), t) for v, t in shown_marks]),
    )


def _drawn_row(figures: Compared, row: Row, sides: tuple[Side, Side], top: float) -> SafeString:
    at = row.at
    ratio, low, high = (float(x[at]) for x in (figures.ratio, figures.ratio_low, figures.ratio_high))
    stands = bool(figures.stands[at])
    look = "own" if stands else "same"
    more = sides[0] if ratio >= 1 else sides[1]
    turned = any(w.turned for w in row.warned)
    note = "turns round, see below" if turned else "" if stands else "no clear difference"
    dot = format_html(
        '<svg class="dot" aria-hidden="true"><line class="zero" x1="50%" x2="50%" y1="0" y2="100%"/>'
        '<line class="ci {0}" x1="{1}" x2="{2}" y1="50%" y2="50%"/><circle class="{0}" cx="{3}" cy="50%" r="5"/></svg>',
        look,
        _x(low, top),
        _x(high, top),
        _x(ratio, top),
    )
    return format_html(
        '<tr><th scope="row"><a href="{}"><b>{}</b></a>{}</th><td class="draw">{}</td>'
        '<td class="num"><b>{}</b></td><td class="num faint">{}</td></tr>',
        behind(more.filters, row),
        label(row),
        format_html(" <span>{}</span>", note) if note else EMPTY,
        dot,
        times(ratio),
        _range(low, high),
    )


def _few_row(figures: Compared, row: Row) -> SafeString:
    return format_html(
        '<tr><th scope="row"><b>{}</b></th><td class="draw faint">too few to say (n{}={}{})</td>'
        '<td class="num faint"></td><td></td></tr>',
        label(row),
        NB,
        NB,
        int(figures.k1[row.at] + figures.k2[row.at]),
    )


def label(row: Row) -> str:
    """Intents and feelings speak for themselves; others say what they are."""
    name = value_name(row.kind, row.value)
    if row.kind == "needs_answer":
        return "Needs an answer"
    return name if row.kind in ("intent", "sentiment", "channel", "word", "brand") else f"{KINDS[row.kind]}: {name}"


def words(found: Contrast, rows: list[Row], sides: tuple[Side, Side], most: int) -> list[dict[str, Any]]:
    """Of each side the words that stand, by evidence: (word, z, address, what a pointer says)."""
    out: list[dict[str, Any]] = []
    for i, name in enumerate(("More in the first group", "More in the second group")):
        f = found.figures
        mine = [r for r in rows if f is not None and (f.z[r.at] >= 0) == (i == 0)][:most]
        shown_words = [
            {
                "word": r.value,
                "z": f"{abs(float(f.z[r.at])):.1f}",
                "href": behind(sides[i].filters, r),
                "said": _shares(f, r),
                "warned": any(w.turned for w in r.warned),
            }
            for r in mine
            if f is not None
        ]
        out.append({"name": name, "rows": shown_words})
    return out if any(part["rows"] for part in out) else []


def _shares(figures: Compared, row: Row) -> str:
    at = row.at
    first, second = (
        shown(float(k[at] / n[at]), "share") for k, n in ((figures.k1, figures.n1), (figures.k2, figures.n2))
    )
    return f"{first} against {second}"


def warnings(found: Contrast, row: Row, sides: tuple[Side, Side]) -> list[dict[str, str]]:
    """Each third variable that tells another story about a row, in words, with the way to look at it."""
    return [_warning(row, w, sides) for w in row.warned]


def _warning(row: Row, w: Warned, sides: tuple[Side, Side]) -> dict[str, str]:
    by = KINDS[w.by].lower()
    parts = "; ".join(
        f"{value_name(w.by, v)} {shown(k1 / n1, 'share')} against {shown(k2 / n2, 'share')} "
        f"(n = {number(n1)} and {number(n2)})"
        for v, k1, n1, k2, n2 in w.parts[:3]
    )
    what = "turns round" if w.turned else "fades" if abs(log(w.ratio)) < abs(log(w.crude)) else "grows"
    return {
        "head": f"{label(row)} {what} by {by}.",
        "text": f"With each {by} by itself it is {times(w.ratio)} times as often ({_range(w.low, w.high)}) instead of "
        f"{times(w.crude)}: {parts}. Split by {by} before you quote it.",
        "by": by,
        "href": _split(w, sides),
    }


def _split(w: Warned, sides: tuple[Side, Side]) -> str:
    """Both groups narrowed to the largest value of the variable."""
    if not w.parts or w.by == "month":
        return ""
    both = {s: side.filters.with_(**{w.by: (w.parts[0][0],)}).to_query() for s, side in zip("ab", sides, strict=True)}
    return f"{reverse('compare')}?{urlencode(both)}"


# --- the table


def table(found: Contrast, rows: list[Row], sides: tuple[Side, Side]) -> Table | None:
    """Every figure of the rows, each number of people leading to their messages."""
    if found.figures is None:
        return None
    header = ("", "First", "Share", "Second", "Share", "Times (95%)", "Points (95%)", "z", "Rate to stand", "Stands")
    return Table(
        "People who have each label or word, by evidence", header, [_cells(found.figures, r, sides) for r in rows]
    )


def _cells(figures: Compared, row: Row, sides: tuple[Side, Side]) -> list[Cell]:
    at = row.at
    name = f"“{row.value}”" if row.kind == "word" else label(row)
    counts = []
    for k, n, side in ((figures.k1, figures.n1, sides[0]), (figures.k2, figures.n2, sides[1])):
        share = shown(float(k[at] / n[at]), "share") if n[at] else "–"
        counts += [Cell(number(int(k[at])), behind(side.filters, row) if k[at] else ""), Cell(share)]
    if not figures.said[at]:
        return [Cell(name), *counts, Cell("too few to say", faint=True), *[Cell("") for _ in range(4)]]
    ratio = f"{times(float(figures.ratio[at]))} ({_range(float(figures.ratio_low[at]), float(figures.ratio_high[at]))})"
    low, high = points(float(figures.points_low[at])), points(float(figures.points_high[at]))
    q = float(figures.q[at])
    return [
        *(Cell(name), *counts, Cell(ratio), Cell(f"{points(float(figures.points[at]))} ({low} to {high})")),
        *(Cell(f"{float(figures.z[at]):.1f}".replace("-", "−")), Cell("under 0.001" if q < 0.001 else f"{q:.3f}")),
        Cell("yes" if figures.stands[at] else "no", faint=not figures.stands[at]),
    ]
