"""Brands: the names customers know, ours and those we compare ourselves with."""

from __future__ import annotations

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from crowdalogue.errors import Failure
from crowdalogue.models import Account, Brand, BusinessRecord, Conversation, Handle
from crowdalogue.web import settings
from crowdalogue.web.frame import needs
from crowdalogue.web.start import split_names


@needs("manage")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/brands/: both lists; adding names, one a line."""
    wrong, typed = "", ""
    if request.method == "POST":
        typed = request.POST.get("names", "")
        try:
            add(request, typed, request.POST.get("side") == "competitor")
            return redirect("brands")
        except Failure as failure:
            wrong = failure.text
    found = list(Brand.objects.annotate(speakers=Count("handle", filter=Q(handle__ours=True))).order_by("name"))
    shown = {
        "ours": [brand for brand in found if not brand.competitor],
        "others": [brand for brand in found if brand.competitor],
        "wrong": wrong,
        "typed": typed,
    }
    return settings.draw(request, "brands.html", shown, here="brands", status=422 if wrong else 200)


def add(request: HttpRequest, typed: str, competitor: bool) -> None:
    names = split_names(typed)
    if not names:
        raise Failure("No name was given. Write one, or several, one a line.")
    known = {name.casefold(): name for name in Brand.objects.values_list("name", flat=True)}
    if double := [known[name.casefold()] for name in names if name.casefold() in known]:
        raise Failure(f"{', '.join(double)} is there already. Leave it out, or move it to the other list.")
    Brand.objects.bulk_create(Brand(name=name, competitor=competitor) for name in names)
    settings.record(request, "changed_brands", f"added {', '.join(names)}", competitor=competitor)
    messages.success(
        request, f"{', '.join(names)} was added." if len(names) == 1 else f"{len(names)} brands were added."
    )


@require_POST
@needs("manage")
def move(request: HttpRequest) -> HttpResponse:
    """Those that were ticked go to the other list: an import brings many at once."""
    picked = [int(pk) for pk in request.POST.getlist("pick") if pk.isdecimal()][:1000]
    found = list(Brand.objects.filter(pk__in=picked))
    if not found:
        messages.error(request, "No brand was ticked. Tick some, then press it again.")
        return redirect("brands")
    competitor = request.POST.get("to") == "competitor"
    Brand.objects.filter(pk__in=picked).update(competitor=competitor)
    names = ", ".join(brand.name for brand in found)
    settings.record(request, "changed_brands", f"{names}: {'competitors' if competitor else 'ours'}")
    side = "competitors" if competitor else "ours"
    messages.success(request, f"{names} is moved." if len(found) == 1 else f"{len(found)} brands are {side} now.")
    return redirect("brands")


@needs("manage")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """/settings/brands/<id>/: rename, move to the other list, or remove a name nothing belongs to."""
    brand = get_object_or_404(Brand, pk=pk)
    if request.method != "POST":
        speakers = Handle.objects.filter(brand=brand, ours=True).order_by("address")[:50]
        return settings.draw(request, "brand.html", {"brand": brand, "speakers": speakers}, here="brands")
    deed = request.POST.get("do", "")
    if deed == "rename":
        rename(request, brand, " ".join(request.POST.get("name", "").split())[:120])
    elif deed == "move":
        Brand.objects.filter(pk=pk).update(competitor=not brand.competitor)
        side = "one of ours" if brand.competitor else "a competitor"
        settings.record(request, "changed_brands", f"{brand.name} is {side}")
        messages.success(request, f"{brand.name} is {side} now.")
    elif deed == "remove":
        remove(request, brand)
    return redirect("brands")


def rename(request: HttpRequest, brand: Brand, name: str) -> None:
    if not name or name == brand.name:
        return
    try:
        with transaction.atomic():
            Brand.objects.filter(pk=brand.pk).update(name=name)
    except IntegrityError:
        messages.error(request, f"Another brand is called {name}. Choose a different name.")
        return
    settings.record(request, "changed_brands", f"{brand.name} is called {name}")
    messages.success(request, f"{brand.name} is called {name} now, everywhere.")


def remove(request: HttpRequest, brand: Brand) -> None:
    for model in (Conversation, Account, Handle, BusinessRecord):
        if model.objects.filter(brand=brand).exists():
            messages.error(request, f"Messages or channels belong to {brand.name}, so it stays. Rename it instead.")
            return
    brand.delete()
    settings.record(request, "changed_brands", f"removed {brand.name}")
    messages.success(request, f"{brand.name} was removed. Nothing belonged to it.")
