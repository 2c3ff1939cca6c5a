"""Who counts as a VIP, an influencer, an advocate, a detractor: the rules' numbers, and lists that come as a file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from crowdalogue.errors import Failure
from crowdalogue.flow import people as flow
from crowdalogue.listen import identity, lists, standing
from crowdalogue.models import Company, Standing
from crowdalogue.web import settings
from crowdalogue.web.frame import needs, person
from crowdalogue.web.people import STANDINGS

# name, label, unit; the order in which they are drawn
FIELDS = (
    ("days", "How far back is looked", "days"),
    ("vip_value", "VIP: ordered for at least", "in your currency"),
    ("vip_orders", "VIP: or so many orders", "orders"),
    ("followers", "Influencer: followers", "on one platform"),
    ("verified_followers", "Influencer: followers, where the platform has verified them", "on one platform"),
    ("praise", "Advocate: messages of praise", "at least"),
    ("praise_share", "Advocate: share of praise", "of 1"),
    ("complaints", "Detractor: complaints", "at least"),
    ("complaint_share", "Detractor: share of complaints", "of 1"),
)
MOST = 1_000_000_000.0


@needs("manage")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/people/: the numbers of the rules, how many each gives, and lists."""
    wrong: dict[str, str] = {}
    if request.method == "POST":
        wrong = save(request)
        if not wrong:
            messages.success(request, "Saved. Everybody is looked at again in the next minutes.")
            return redirect("standings")
    return draw(request, wrong=wrong, status=422 if wrong else 200)


def draw(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    now = standing.settings()
    typed = request.POST if more.get("wrong") else {}
    tally = dict(Standing.objects.filter(kind__in=STANDINGS).values_list("kind").annotate(n=Count("pk")))
    fields = [
        {
            "name": name,
            "label": label,
            "unit": unit,
            "value": typed.get(name, plain(now[name])),
            "wrong": more.get("wrong", {}).get(name, ""),
        }
        for name, label, unit in FIELDS
    ]
    shown = {
        "fields": fields,
        "tally": [(kind, name, tally.get(kind, 0)) for kind, name in STANDINGS.items()],
        "kinds": list(STANDINGS.items()),
        **more,
    }
    return settings.draw(request, "standings.html", shown, here="standings", status=status)


def plain(value: float) -> str:
    return f"{value:g}" if value < 1e6 else f"{value:.0f}"


def save(request: HttpRequest) -> dict[str, str]:
    """Keep the numbers that differ from ours; returns what is wrong, by field."""
    found: dict[str, float] = {}
    wrong: dict[str, str] = {}
    for name, *_ in FIELDS:
        try:
            value = float(request.POST.get(name, "").strip().replace(",", "."))
        except ValueError:
            wrong[name] = "This is not a number. Write digits only."
            continue
        most = 1.0 if name.endswith("_share") else 3650.0 if name == "days" else MOST
        least = 1.0 if name == "days" else 0.0
        if not least <= value <= most:
            wrong[name] = f"Write a number from {least:g} to {most:g}."
        found[name] = value
    if wrong:
        return wrong
    with transaction.atomic():
        own = Company.objects.select_for_update().order_by("pk").first()
        if own is not None:
            own.rules = {**own.rules, "standing": {k: v for k, v in found.items() if v != standing.DEFAULTS[k]}}
            own.save(update_fields=["rules"])
        identity.look_again()
    settings.record(request, "changed_rules", "who is a VIP, influencer, advocate or detractor", **found)
    return {}


@require_POST
@needs("manage")
def take_list(request: HttpRequest) -> HttpResponse:
    """A CSV list: everybody on it gets their standing; rows that were not understood are listed with reasons."""
    file = request.FILES.get("file")
    try:
        if file is None:
            raise Failure("No file was chosen. Choose one, then import it.")
        if (file.size or 0) > lists.LARGEST:
            raise Failure(f"The file is larger than {lists.LARGEST // 1_000_000} MB. Split it, then import the parts.")
        kind, reason = request.POST.get("kind", ""), request.POST.get("reason", "")
        taken = flow.take_list(person(request), file.read(), kind=kind, reason=reason)
    except Failure as failure:
        return draw(request, status=422, list_wrong=failure.text)
    settings.record(request, "imported_list", f"{taken.given} of {taken.rows} rows of {str(file.name)[:200]}")
    if not taken.failed:
        messages.success(request, f"{taken.given:,} on the list, {taken.new_people:,} of them new to us.")
        return redirect("standings")
    return draw(request, taken=taken)
