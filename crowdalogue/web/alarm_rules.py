"""Rules of alarms: what is watched, how rarely a false alarm may come, who is told; tried before they are on."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crowdalogue.act import alarm_account, alarms, notices
from crowdalogue.errors import Failure
from crowdalogue.models import AlarmRule, AlarmSeries, AlarmTrial, User
from crowdalogue.relate.alarm_series import Asked
from crowdalogue.web.alarms import MUTES, kind_name, muted_until, one_in, series_name
from crowdalogue.web.charts import shown
from crowdalogue.web.frame import may, needs, person
from crowdalogue.web.settings import record
from crowdalogue.web.words import number, plural

DAYS = 90  # that a trial replays
WAITING_TRIALS = 20  # at once, of everybody
MOST_DAYS = 3_000
SHORTLY = 12  # series that are shown at once


class RuleForm(forms.Form):
    """`form.query` is the filters, clean, once it is valid. `form.budget` is false alarms in 30 days."""

    name = forms.CharField(max_length=120, label="Name", help_text="How colleagues find it.")
    family = forms.ChoiceField(
        choices=AlarmRule.Family.choices,
        label="What is watched",
        help_text="Each topic, product and so on is a series of its own; the largest eighty are watched. With topics "
        "their groups are watched, with products the complaints about each, with intents the taught categories.",
    )
    days = forms.FloatField(
        min_value=0.5,
        max_value=MOST_DAYS,
        label="At most one false alarm in so many days",
        help_text="Of all series of the rule together. Fewer days find more, and cry wolf more often.",
    )
    filters = forms.CharField(
        required=False,
        max_length=1000,
        label="Only messages that pass these filters",
        help_text="Set the filter bar in Explore and paste the address here, or type it: channel=email&language=de. "
        "The period is left out.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    page = forms.BooleanField(required=False, label="On the page, in the rail and on Home")
    emails = forms.CharField(
        required=False,
        max_length=3000,
        label="By e-mail to",
        help_text="Addresses with commas between. Mails leave by the first connected mailbox.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    webhook = forms.CharField(
        required=False,
        max_length=500,
        label="To a webhook or chat",
        help_text="The address of an incoming webhook, such as your chat gives one. Every call is signed.",
    )
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("name", "email"),
        required=False,
        label="Owner",
        empty_label="Nobody",
    )
    active = forms.BooleanField(required=False, label="Switched on")

    def clean_filters(self) -> str:
        return query_of(self.cleaned_data["filters"], self.data.get("family", "all"))

    @property
    def budget(self) -> float:
        return float(30.0 / self.cleaned_data["days"])

    @property
    def tell(self) -> dict[str, Any]:
        emails = [e for e in re.split(r"[,;\s]+", self.cleaned_data["emails"]) if e]
        return {"page": self.cleaned_data["page"], "emails": emails, "webhook": self.cleaned_data["webhook"]}


def query_of(typed: str, family: str) -> str:
    """The filters of an address or a query string, in their fixed order and without a period."""
    query = urlsplit(typed.strip()).query if "://" in typed or typed.strip().startswith("/") else typed.strip()
    try:
        return Asked(family, query.lstrip("?")).clean()
    except Failure as failure:
        raise forms.ValidationError(failure.text) from None


# --- the list


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/alarms/rules/: each rule with its promise, its series and what it raised in 90 days."""
    since = timezone.now() - timedelta(days=DAYS)
    raised = Count("episodes", filter=Q(episodes__raised_at__gte=since), distinct=True)
    wrong = Count("episodes", filter=Q(episodes__raised_at__gte=since, episodes__state="false"), distinct=True)
    rules = AlarmRule.objects.seen_by(person(request)).annotate(raised=raised, wrong=wrong).select_related("owner")
    series = counted_series()
    lines = [
        {"rule": r, "one_in": one_in(r.budget), "muted": is_muted(r), "series": series.get(r.pk, {}), "told": told(r)}
        for r in rules[: alarms.MOST_RULES]
    ]
    promised = alarm_account.promised()
    return render(
        request,
        "alarm_rules.html",
        {"lines": lines, "may_change": may(request, "manage"), "promised": f"{promised:.1f}".rstrip("0").rstrip(".")},
    )


def counted_series() -> dict[int, dict[str, int]]:
    """Series by rule and state, each key once."""
    rows = AlarmSeries.objects.values("rule", "state").annotate(n=Count("key", distinct=True))
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["rule"], {})[row["state"]] = row["n"]
    return found


def is_muted(rule: AlarmRule) -> bool:
    return bool(rule.muted_until and rule.muted_until > timezone.now())


def told(rule: AlarmRule) -> str:
    ways = ["page"] if rule.tell.get("page", True) else []
    ways += [plural(len(rule.tell["emails"]), "address,addresses")] if rule.tell.get("emails") else []
    ways += ["webhook"] if rule.tell.get("webhook") else []
    return ", ".join(ways) or "nobody"


# --- one rule


@needs("explore")
def new(request: HttpRequest) -> HttpResponse:
    """/alarms/rules/new/?trial=<id>: a form, tried, then saved."""
    return edit(request, None)


@needs("explore")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    return edit(request, get_object_or_404(AlarmRule.objects.seen_by(person(request)), pk=pk))


def edit(request: HttpRequest, rule: AlarmRule | None) -> HttpResponse:
    if request.method != "POST":
        trial = trial_of(request)
        return draw(request, rule, RuleForm(initial=initial(rule, trial)), trial)
    form = RuleForm(request.POST)
    if request.POST.get("do") == "try" and not request.POST.get("name", "").strip():
        form = RuleForm({**request.POST.dict(), "name": "A new rule"})
    if not form.is_valid():
        return draw(request, rule, form, None, status=422)
    if request.POST.get("do") == "try":
        return begin_trial(request, rule, form)
    return save(request, rule, form)


def initial(rule: AlarmRule | None, trial: AlarmTrial | None) -> dict[str, Any]:
    """What the form begins with: what was tried, else the rule, else what most rules have."""
    if trial is not None and trial.rule.get("form"):
        return dict(trial.rule["form"])
    if rule is None:
        return {"family": "topic", "days": 30, "page": True, "active": True}
    return {
        "name": rule.name,
        "family": rule.family,
        "days": round(30 / rule.budget, 1),
        "filters": rule.query,
        "page": rule.tell.get("page", True),
        "emails": ", ".join(rule.tell.get("emails") or ()),
        "webhook": rule.tell.get("webhook", ""),
        "owner": rule.owner_id,
        "active": rule.active,
    }


def trial_of(request: HttpRequest) -> AlarmTrial | None:
    wanted = request.GET.get("trial", "")
    return AlarmTrial.objects.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 16 else None


def begin_trial(request: HttpRequest, rule: AlarmRule | None, form: RuleForm) -> HttpResponse:
    """A row that the worker takes up; the page shows how far it is."""
    if AlarmTrial.objects.filter(state=AlarmTrial.State.WAITING).count() >= WAITING_TRIALS:
        messages.error(request, "Many rules are being tried just now. Try again in a minute.")
        return draw(request, rule, form, None, status=422)
    data = form.cleaned_data
    kept = {k: v.pk if isinstance(v, User) else v for k, v in data.items()}
    trial = AlarmTrial.objects.create(
        user=person(request),
        rule={
            "name": data["name"],
            "family": data["family"],
            "query": data["filters"],
            "budget": form.budget,
            "form": kept,
        },
    )
    place = reverse("alarm_rule", args=[rule.pk]) if rule else reverse("alarm_rule_new")
    return redirect(f"{place}?trial={trial.pk}")


def save(request: HttpRequest, rule: AlarmRule | None, form: RuleForm) -> HttpResponse:
    if not may(request, "manage"):
        raise PermissionDenied("manage")
    data = form.cleaned_data
    try:
        saved = alarms.save_rule(
            person(request),
            name=data["name"],
            family=data["family"],
            query=data["filters"],
            budget=form.budget,
            tell=form.tell,
            active=data["active"],
            owner=data["owner"],
            rule=rule,
        )
    except Failure as failure:
        form.add_error(field_of(failure.text), failure.text)
        return draw(request, rule, form, None, status=422)
    record(request, "changed_alarm_rule", f"{saved.name}: one in {one_in(saved.budget)}")
    words = "is watched from now on" if saved.active else "is saved and switched off"
    messages.success(request, f"{saved.name} {words}.")
    return redirect("alarm_rules")


def field_of(text: str) -> str | None:
    """The field a failure is about, by the words it begins with."""
    starts = {
        "The name": "name",
        "What is": "family",
        "The budget": "days",
        "E-mail": "emails",
        "The webhook": "webhook",
    }
    return next((field for start, field in starts.items() if text.startswith(start)), None)


def draw(
    request: HttpRequest, rule: AlarmRule | None, form: RuleForm, trial: AlarmTrial | None, *, status: int = 200
) -> HttpResponse:
    series = series_of(rule) if rule else []
    shown_now = {
        "rule": rule,
        "form": form,
        "may_change": may(request, "manage"),
        "mutes": MUTES,
        "muted": bool(rule and is_muted(rule)),
        "series": series,
        "first_series": series[:SHORTLY],
        "more_series": series[SHORTLY:],
        "secret": str(rule.secrets.get("webhook", "")) if rule and may(request, "manage") else "",
        "no_mailbox": notices.mailbox() is None and bool(form["emails"].value()),
        "may_connect": may(request, "manage"),
        "trial": trial,
        **(standing(trial) if trial else {}),
    }
    return render(request, "alarm_rule.html", shown_now, status=status)


def series_of(rule: AlarmRule) -> list[dict[str, Any]]:
    """How each series of the rule stands, the largest first."""
    rows = rule.series.order_by("-size", "key", "hours")[: alarms.MOST_SERIES]
    return [
        {
            "name": series_name(rule.family, row.key, row.name),
            "size": f"{row.size:.1f}",
            "steps": "hours" if row.hours == 1 else "days",
            "state": row.get_state_display(),
            "watched": row.state == AlarmSeries.State.WATCHED,
            "expected": f"{row.expected:.1f}" if row.expected is not None else "",
            "needed": number(round(row.needed))
            if row.needed is not None
            else "reached"
            if row.expected is not None
            else "",
        }
        for row in rows
    ]


def needed_of(row: AlarmSeries) -> str:
    """From which count on its step is an alarm; nothing where it is not watched."""
    if row.needed is not None:
        return number(round(row.needed))
    return "reached" if row.expected is not None else ""


@require_POST
@needs("manage")
def do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Switch on or off, mute for some days or tell again, remove."""
    rule = get_object_or_404(AlarmRule.objects.seen_by(person(request)), pk=pk)
    if deed in ("on", "off"):
        alarms.switch(rule, active=deed == "on")
        messages.success(request, f"{rule.name} is switched {deed}.")
    elif deed == "mute":
        until = muted_until(request.POST.get("days", "7"))
        alarms.mute_rule(rule, until)
        messages.success(request, f"{rule.name} tells nobody until {timezone.localtime(until):%d %B}.")
    elif deed == "unmute":
        alarms.mute_rule(rule, None)
        messages.success(request, f"{rule.name} tells people again.")
    elif deed == "remove":
        if request.POST.get("sure", "").strip().casefold() != rule.name.casefold():
            messages.error(request, "Type the rule’s name to remove it.")
            return redirect("alarm_rule", pk)
        alarms.remove(rule)
        messages.success(request, f"{rule.name} was removed. What it raised stays.")
    else:
        return redirect("alarm_rule", pk)
    record(request, "changed_alarm_rule", f"{rule.name}: {deed}")
    return redirect("alarm_rules") if deed in ("remove", "on", "off") else redirect("alarm_rule", pk)


# --- trials


@require_GET
@needs("explore")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The trial alone, asked for while it runs."""
    trial = get_object_or_404(AlarmTrial, pk=pk)
    return render(request, "alarm_trial.html", {"trial": trial, **standing(trial)})


def standing(trial: AlarmTrial) -> dict[str, Any]:
    """A trial as it is drawn: how far it is, or what it would have raised."""
    found = trial.result
    part = round(100 * trial.done / trial.total) if trial.total else None
    raised = [tried(one) for one in reversed(found.get("raised", ()))]
    days = float(found.get("days", 0.0))
    return {
        "running": trial.state in (AlarmTrial.State.WAITING, AlarmTrial.State.RUNNING),
        "part": part,
        "raised": raised,
        "days": round(days),
        "watched": found.get("watched", 0),
        "short": found.get("short", []),
        "allowed": f"{float(trial.rule.get('budget', 0)) * days / 30:.1f}",
    }


def tried(one: dict[str, Any]) -> dict[str, Any]:
    usual = one["expected"]
    return {
        "name": series_name(one["family"], one["key"], one["series"]),
        "family": kind_name(one["family"], one["key"]),
        "raised_at": datetime.fromisoformat(one["raised_at"]),
        "count": number(round(one["count"])),
        "expected": f"{usual:.0f}" if usual >= 10 else f"{usual:.1f}",
        "share": shown(1 - usual / one["count"], "share") if one["count"] else "",
    }
