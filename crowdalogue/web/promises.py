"""Promises: how soon customers get an answer on each channel, and the hours in which time counts."""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from crowdalogue import channels
from crowdalogue.act import hours as clock
from crowdalogue.act import promises
from crowdalogue.models import Account, Conversation, Hours, Target
from crowdalogue.web import settings
from crowdalogue.web.frame import company, needs
from crowdalogue.web.start import zones

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNITS = (("1", "minutes"), ("60", "hours"), ("1440", "days"))
LONGEST = 365 * 1440  # minutes
FOLLOWED = 2000  # waiting conversations whose promise is made anew at once; others with their next message


@needs("manage")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/promises/: the promise of every channel in a sentence with an example, and the hours."""
    form = PromiseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        save(request, form)
        return redirect("promises")
    shown = {
        "form": form,
        "lines": [describe(target) for target in in_order()],
        "hours": [about(row) for row in Hours.objects.order_by("name")],
        "usual": promises.DEFAULT_FIRST,
    }
    return settings.draw(request, "promises.html", shown, here="promises", status=422 if form.errors else 200)


def in_order() -> list[Target]:
    """Particular channels first, then every other one."""
    found = Target.objects.filter(priority=-1).select_related("hours")
    return sorted(found, key=lambda t: (not t.kind, channels.label_of(t.kind).casefold()))


def describe(target: Target) -> dict[str, Any]:
    return {
        "target": target,
        "name": channels.label_of(target.kind) if target.kind else "Every other channel",
        "icon": channels.icon_of(target.kind) if target.kind else "i-globe",
        "first": settings.spell(target.first_minutes),
        "next": settings.spell(target.next_minutes),
        "example": example(target),
    }


def example(target: Target, now: datetime | None = None) -> str:
    """What the promise means for a message on the coming Friday late in the day."""
    opening = promises.opening_of(target.hours) if target.hours else None
    zone = ZoneInfo(target.hours.timezone) if target.hours else timezone.get_current_timezone()
    today = timezone.localtime(now or timezone.now(), zone)
    friday = (today + timedelta(days=(4 - today.weekday()) % 7 or 7)).replace(
        hour=16, minute=50, second=0, microsecond=0
    )
    due = clock.due(friday, target.first_minutes, opening)
    by = timezone.localtime(due, zone)
    if by.date() == friday.date():
        said = f"{by:%H:%M} that day"
    elif (by - friday).days < 7:
        said = f"{by:%A} {by:%H:%M}"
    else:
        said = f"{by:%A}, {by.day} {by:%B}, {by:%H:%M}"
    return f"Written on Friday at 16:50, answered by {said}."


# --- Targets


class PromiseForm(forms.Form):
    kind = forms.ChoiceField(label="Channel", required=False)
    first = forms.IntegerField(label="First answer within", min_value=1, max_value=100_000, initial=30)
    first_unit = forms.ChoiceField(label="Unit of the first answer", choices=UNITS, initial="1")
    following = forms.IntegerField(label="Each further answer within", min_value=1, max_value=100_000, initial=60)
    following_unit = forms.ChoiceField(label="Unit of further answers", choices=UNITS, initial="1")
    hours = forms.ModelChoiceField(
        Hours.objects.order_by("name"), label="Time counts", required=False, empty_label="Around the clock"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        known = set(Account.objects.values_list("kind", flat=True).distinct()) | set(channels.channel_kinds())
        named = sorted(((kind, channels.label_of(kind)) for kind in known), key=lambda k: k[1].casefold())
        field.choices = [("", "Every other channel"), *named]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in ("first", "following"):
            if name in given and given.get(f"{name}_unit"):
                given[name] *= int(given[f"{name}_unit"])
                if given[name] > LONGEST:
                    self.add_error(name, "This is longer than a year. Choose less.")
        return given


def save(request: HttpRequest, form: PromiseForm) -> None:
    given = form.cleaned_data
    name = channels.label_of(given["kind"]) if given["kind"] else "every other channel"
    values = {"first_minutes": given["first"], "next_minutes": given["following"], "hours": given["hours"]}
    with transaction.atomic():
        Target.objects.update_or_create(kind=given["kind"], priority=-1, defaults=values)
        facts = {"first": given["first"], "next": given["following"], "hours": str(given["hours"] or "")}
        settings.record(request, "changed_promises", name, **facts)
    messages.success(request, f"The promise for {name} is kept.{follow_waiting()}")


@require_POST
@needs("manage")
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    target = get_object_or_404(Target, pk=pk)
    target.delete()
    name = channels.label_of(target.kind) if target.kind else "every other channel"
    settings.record(request, "changed_promises", f"{name}: no promise of its own")
    messages.success(request, f"{name.capitalize()} has no promise of its own any more.{follow_waiting()}")
    return redirect("promises")


def follow_waiting() -> str:
    """Make the promises of waiting conversations anew; returns what there is to say about it."""
    waiting = Conversation.objects.filter(state=Conversation.State.OPEN, needs_answer=True, waiting_since__isnull=False)
    ids = list(waiting.order_by("-waiting_since").values_list("id", flat=True)[: FOLLOWED + 1])
    for start in range(0, min(len(ids), FOLLOWED), 100):  # short transactions: others write meanwhile
        with transaction.atomic():
            promises.follow(ids[start : start + 100])
    if not ids:
        return ""
    if len(ids) > FOLLOWED:
        return f" It holds for the newest {FOLLOWED:,} that wait at once, for others with their next message."
    return " It holds at once, for those already waiting too."


# --- Hours


class HoursForm(forms.Form):
    name = forms.CharField(label="Name", max_length=120, help_text="Such as Care team.")
    timezone = forms.ChoiceField(label="Time zone")
    holidays = forms.CharField(
        label="Closed on",
        required=False,
        help_text="Dates, one a line: 2026-12-25.",
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["timezone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = zones()
        for number, day in enumerate(DAYS):
            self.fields[f"day{number}"] = forms.CharField(
                label=day, required=False, widget=forms.TextInput({"placeholder": "closed", "autocomplete": "off"})
            )

    @property
    def days(self) -> list[Any]:
        return [self[f"day{number}"] for number in range(7)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["week"] = [self.read_day(number, given.get(f"day{number}", "")) for number in range(7)]
        given["holidays"] = self.read_holidays(given.get("holidays", ""))
        if not self.errors and not any(given["week"]):
            self.add_error("day0", "Nobody is there on any day. Write at least one span, such as 09:00-17:00.")
        return given

    def read_day(self, number: int, typed: str) -> list[list[str]]:
        """ "9-12:30, 13:30-18" as [["09:00", "12:30"], ["13:30", "18:00"]]."""
        spans = []
        for part in re.split(r"[,;]| and ", typed.replace("–", "-").replace(" to ", "-")):
            if not part.strip() or part.strip().casefold() == "closed":
                continue
            found = re.fullmatch(r"\s*(\d{1,2})(?:[:.](\d{2}))?\s*-\s*(\d{1,2})(?:[:.](\d{2}))?\s*", part)
            times = [f"{int(found[i]):02}:{found[i + 1] or '00'}" for i in (1, 3)] if found else []
            if not times or times[0] >= times[1] or not all(is_time(t) for t in times):
                self.add_error(f"day{number}", f"“{part.strip()}” is no span of time. Write it as 09:00-17:00.")
                return []
            spans.append(times)
        spans.sort()
        if any(a[1] > b[0] for a, b in itertools.pairwise(spans)):
            self.add_error(f"day{number}", "Two spans overlap. Make one of them.")
        return spans

    def read_holidays(self, typed: str) -> list[str]:
        found = []
        for word in typed.replace(",", " ").split():
            try:
                found.append(date.fromisoformat(word).isoformat())
            except ValueError:
                self.add_error("holidays", f"“{word}” is no date. Write it as 2026-12-25.")
        return sorted(set(found))


def is_time(text: str) -> bool:
    try:
        clock.parse_time(text)
    except ValueError:
        return False
    return True


def about(row: Hours) -> dict[str, Any]:
    """A set of hours with its week in words: days of equal hours together."""
    groups: list[tuple[int, int, str]] = []
    for number in range(7):
        spans = row.week[number] if number < len(row.week) else []
        words = ", ".join(f"{a}–{b}" for a, b in spans) or "closed"
        if groups and groups[-1][2] == words:
            groups[-1] = (groups[-1][0], number, words)
        else:
            groups.append((number, number, words))
    named = [(DAYS[a] if a == b else f"{DAYS[a]} to {DAYS[b]}", words) for a, b, words in groups]
    now_open = clock.is_open(timezone.now(), promises.opening_of(row))
    return {"row": row, "week": named, "open": now_open, "used": Target.objects.filter(hours=row).count()}


@needs("manage")
def hours(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """/settings/promises/hours/: a new set of hours, or one that is changed."""
    row = get_object_or_404(Hours, pk=pk) if pk else None
    form = HoursForm(request.POST or None, initial=start_of(row))
    if request.method == "POST" and form.is_valid():
        try:
            keep_hours(request, row, form)
            return redirect("promises")
        except IntegrityError:
            form.add_error("name", "Other hours have this name. Choose another one.")
    status = 422 if form.errors else 200
    return settings.draw(request, "hours.html", {"form": form, "row": row}, here="promises", status=status)


def start_of(row: Hours | None) -> dict[str, Any]:
    if row is None:
        home = company()
        usual = {f"day{number}": "09:00-17:00" for number in range(5)}
        return {"name": "Care team", "timezone": home.timezone if home else "UTC", **usual}
    days = {f"day{n}": ", ".join(f"{a}-{b}" for a, b in spans) for n, spans in enumerate(row.week[:7])}
    return {"name": row.name, "timezone": row.timezone, "holidays": "\n".join(row.holidays), **days}


def keep_hours(request: HttpRequest, row: Hours | None, form: HoursForm) -> None:
    given = {name: form.cleaned_data[name] for name in ("name", "timezone", "week", "holidays")}
    with transaction.atomic():
        kept = row or Hours()
        for name, value in given.items():
            setattr(kept, name, value)
        kept.save()
        settings.record(request, "changed_promises", f"hours {kept.name}", timezone=kept.timezone)
    messages.success(request, f"The hours {kept.name} are kept.{follow_waiting() if row else ''}")


@require_POST
@needs("manage")
def drop_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """Targets that used them count around the clock from then on."""
    row = get_object_or_404(Hours, pk=pk)
    row.delete()
    settings.record(request, "changed_promises", f"removed hours {row.name}")
    messages.success(request, f"The hours {row.name} were removed.{follow_waiting()}")
    return redirect("promises")
