"""Home: how care stands now, what is most urgent, and what the last weeks looked like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crowdalogue.models import Conversation
from crowdalogue.relate import facts, measures, volume
from crowdalogue.relate.filters import Filters
from crowdalogue.relate.measures import MEASURES, Row
from crowdalogue.relate.scope import Scope
from crowdalogue.relate.statistics import FEW
from crowdalogue.web import alarms, drill, filterbar, findings, pictures, why
from crowdalogue.web.charts import Chart, between, shown
from crowdalogue.web.frame import may, needs, person
from crowdalogue.web.why import Why
from crowdalogue.web.words import number

URGENT = 6
SOON = timedelta(minutes=10)
FEW_A_DAY = 25  # below so many messages a day, shares are drawn by week


@dataclass(frozen=True)
class Card:
    """One picture with its words. `note` is n; `definition` opens in a tap."""

    id: str
    title: str
    sub: str
    chart: Chart
    note: str = ""
    definition: str = ""
    more: str = ""  # where it goes on
    why: Why | None = None


@dataclass(frozen=True)
class Figure:
    """One number of the top row."""

    label: str
    definition: str
    value: str
    href: str
    under: list[tuple[str, str]]  # words, and where they lead


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/?period=7d&brand=...: figures, the most urgent conversations, and charts of the period."""
    filters, problem = filterbar.read(request)
    shown_now: dict[str, Any] = {
        "bar": filterbar.bar(request, filters),
        "problem": problem,
        "as_of": filterbar.fresh(facts.as_of()),
        "may_export": may(request, "export"),
        "alarms": alarms.on_home(request),
    }
    scope = Scope.of(filters)
    urgent = _urgent(request, scope)
    shown_now |= urgent | {"zone": scope.zone, "figures": _figures(scope, urgent)}
    if measures.figure(scope, "messages")["n"]:
        shown_now["mood"] = _mood_words(scope)
        shown_now["left"], shown_now["right"] = _left(scope), _right(scope)
    else:
        shown_now["nothing"] = nothing(filters)
    return render(request, "home.html", shown_now)


def nothing(filters: Filters) -> dict[str, Any]:
    """What to say where a period holds no message: when there are some, or that there are none at all."""
    newest = volume.newest(Scope.of(filters.cleared("period").with_period("all")))
    if newest is None:
        return {"ever": False}
    return {"ever": True, "newest": newest, "url": "?" + filters.with_period("all").to_query()}


# --- the row of figures


def _figures(scope: Scope, urgent: dict[str, Any]) -> list[Figure]:
    before = scope.before()
    return [
        _share(scope, "answered", "unanswered", "never answered"),
        _waiting(urgent),
        _time(scope, before, "first_response"),
        _time(scope, before, "first_response_p90"),
        _share(scope, "kept", "broken", "broken"),
    ]


def _share(scope: Scope, name: str, rest: str, rest_words: str) -> Figure:
    measure, row = MEASURES[name], measures.figure(scope, name)
    link = drill.messages(scope.filters, measure, hits=True)
    if row["few"]:
        return Figure(measure.label, measure.definition, "", link, [(pictures.too_few(row), "")])
    left = row["n"] - row["hits"]
    return Figure(
        measure.label,
        f"{measure.definition} The interval is Wilson’s, 95%.",
        shown(row["value"], "share"),
        link,
        [
            (f"{between(row['low'], row['high'], 'share')}, n = {number(row['n'])}", ""),
            (f"{number(left)} {rest_words}", drill.messages(scope.filters.with_(wait=rest)) if left else ""),
        ],
    )


def _time(scope: Scope, before: Scope | None, name: str) -> Figure:
    measure, row = MEASURES[name], measures.figure(scope, name)
    link = drill.messages(scope.filters, measure)
    if row["few"]:
        return Figure(measure.label, measure.definition, "", link, [(pictures.too_few(row), "")])
    span = between(row["low"], row["high"], "seconds") or "too few for an interval"
    under = [(f"{span}, n = {number(row['n'])}", "")]
    business = measures.figure(scope, name.replace("first_response", "first_response_business"))
    if business["n"] and not business["few"]:
        under.append((f"{shown(business['value'], 'seconds')} in business time", ""))
    earlier = measures.figure(before, name) if before else None
    if earlier and not earlier["few"]:
        under.append((f"was {shown(earlier['value'], 'seconds')} before", ""))
    note = "The interval is of order statistics, 95%."
    return Figure(measure.label, f"{measure.definition} {note}", shown(row["value"], "seconds"), link, under)


def _waiting(urgent: dict[str, Any]) -> Figure:
    definition = (
        "Conversations open at this moment whose customer wrote last and needs an answer, however old. "
        "Read from the store itself; the period does not matter here, brand and channel do."
    )
    under = [(f"{number(urgent['late'])} late", "/inbox/")] if urgent["late"] else [("no promise is late", "")]
    if urgent["without_owner"]:
        under.append((f"{number(urgent['without_owner'])} without an owner", "/inbox/?owner=none"))
    if urgent["older"]:
        under.append((f"{number(urgent['older'])} without a promise, older", "/inbox/?queue=older"))
    return Figure("Waiting now", definition, number(urgent["waiting"]), "/inbox/", under)


# --- who waits


def _urgent(request: HttpRequest, scope: Scope) -> dict[str, Any]:
    now = timezone.now()
    rows = measures.waiting_now(scope, Conversation.objects.seen_by(person(request)))
    promised = rows.filter(due_at__isnull=False)
    late = promised.filter(due_at__lte=now).count()
    soon = promised.filter(due_at__gt=now, due_at__lte=now + SOON).count()
    some = list(promised.select_related("person", "owner", "handle").order_by("due_at", "id")[:URGENT])
    waiting, with_promise = rows.count(), promised.count()
    return {
        "title": findings.of_waiting(waiting, late),
        "urgent_title": findings.of_urgent(late, soon),
        "urgent": some,
        "waiting": waiting,
        "promised": with_promise,  # what the inbox opens with: the older ones stand in a queue of their own
        "late": late,
        "older": waiting - with_promise,
        "without_owner": rows.filter(owner__isnull=True).count(),
        "now": now,
    }


def _mood_words(scope: Scope) -> str:
    """What the page's title adds, where feeling changed beyond chance."""
    now, before = _negative(scope)
    return f"messages are {findings.change(now, before)} negative than before" if findings.change(now, before) else ""


def _negative(scope: Scope) -> tuple[Row, Row | None]:
    before = scope.before()
    return measures.figure(scope, "negative"), measures.figure(before, "negative") if before else None


# --- pictures


def _step(n: int, scope: Scope) -> str:
    if volume.step_of(scope) == "week":
        return "week"
    days = scope.filters.days(scope.zone, scope.now)
    length = (days[1] - days[0]).days + 1 if days else 1
    return "day" if n >= FEW_A_DAY * length or length <= 14 else "week"


def _left(scope: Scope) -> list[Card]:
    return [_volume(scope), _mood(scope), _hours(scope)]


def _right(scope: Scope) -> list[Card]:
    cards = [_split(scope, "channel"), _split(scope, "brand"), _intents(scope)]
    return [card for card in cards if card]


def _volume(scope: Scope) -> Card:
    measure, step = MEASURES["messages"], volume.step_of(scope)
    rows = volume.over_time(scope, "messages", step=step)[0].rows
    before = scope.before()
    now, earlier = measures.figure(scope, "messages"), measures.figure(before, "messages") if before else None
    authors, texts = measures.figure(scope, "authors")["n"], measures.figure(scope, "texts")["n"]
    days = scope.filters.days(scope.zone, scope.now)
    length = (days[1] - days[0]).days + 1 if days else 0
    return Card(
        "volume",
        findings.of_volume(now, earlier, length),
        f"Messages {_whose(scope)} a {step}: {number(texts)} unique texts from {number(authors)} unique authors",
        pictures.over_time(scope, measure, rows, step),
        f"n = {number(now['n'])}",
        f"{measure.definition} {MEASURES['texts'].definition} {MEASURES['authors'].definition}",
        drill.explore(scope.filters, "messages", step),
    )


def _whose(scope: Scope) -> str:
    return {"in": "from customers", "out": "from us", "note": "written as notes"}.get(scope.filters.direction, "")


def _mood(scope: Scope) -> Card:
    measure = MEASURES["negative"]
    now, earlier = _negative(scope)
    step = _step(now["n"], scope)
    rows = volume.over_time(scope, "negative", step=step)[0].rows
    title = findings.of_share(
        now,
        earlier,
        "The negative share",
        "Messages are more negative than before",
        "Messages are less negative than before",
    )
    return Card(
        "mood",
        title,
        f"Negative share of messages that were read, a {step}, with its 95% interval",
        pictures.over_time(scope, measure, rows, step),
        f"n = {number(now['n'])}",
        f"{measure.definition} More or less is said only where the difference is beyond chance (5%).",
        drill.explore(scope.filters, "negative", step),
        why.of_negative(scope) if findings.change(now, earlier) == "more" else None,
    )


def _hours(scope: Scope) -> Card:
    title = findings.of_hours(volume.heat(scope))
    n = measures.figure(scope, "messages")["n"]
    return Card(
        "hours",
        title,
        f"Messages by hour and weekday, in {scope.zone} time",
        pictures.heat(scope, f"{title}. Messages by hour and weekday, {number(n)} in all."),
        f"n = {number(n)}",
        "Every message of the period in the hour it was sent, in the company’s time zone. The named stretch is the "
        "four hours in a row that hold the most.",
        drill.explore(scope.filters, "messages", "weekday", "hour"),
    )


def _split(scope: Scope, dimension: str) -> Card | None:
    rows: list[Row] = measures.table(scope, "messages", (dimension,), limit=1_000)
    if len(rows) < 2:
        return None
    step = volume.step_of(scope)
    return Card(
        dimension,
        findings.of_largest(rows, dimension),
        f"Messages {_whose(scope)} a {step}, the largest first",
        pictures.small_multiples(scope, MEASURES["messages"], step, dimension),
        definition=MEASURES["messages"].definition,
        more=drill.explore(scope.filters, "messages", dimension),
    )


def _intents(scope: Scope) -> Card | None:
    rows = [r for r in measures.table(scope, "messages", ("intent",)) if r["intent"] != "-"]
    if not rows:
        return None
    name = drill.name_of("intent", rows[0]["intent"])
    n = sum(r["n"] for r in rows)
    few = n < FEW
    title = f"What messages are: too few to say (n = {n})" if few else f"{name} is the most frequent kind of message"
    return Card(
        "intent",
        title,
        "Messages by what they are, as read",
        pictures.by_kind(scope, MEASURES["messages"], "intent", rows),
        f"n = {number(n)}",
        "Each message has one intent, read by the product and corrected by people.",
        drill.explore(scope.filters, "messages", "intent"),
    )
