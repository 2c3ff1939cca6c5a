"""Settings: products and stores by the names customers use, and names that look like new products."""

from __future__ import annotations

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from crowdalogue.analyze import known, proposals
from crowdalogue.analyze.steps import countries
from crowdalogue.errors import Failure
from crowdalogue.models import CatalogueEntry, Message, NameProposal
from crowdalogue.web import settings
from crowdalogue.web.found import country_name
from crowdalogue.web.frame import needs, person

A_PAGE = 100
LONGEST = 120
MOST_NAMES = 30  # synonyms or codes of one entry


@needs("manage")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/products/: the catalogue by name, the form to add to it, and what is proposed."""
    wrong, typed = "", request.POST.dict() if request.method == "POST" else {}
    if typed:
        try:
            add(request)
            return redirect("products")
        except Failure as failure:
            wrong = failure.text
    looked_for = " ".join(request.GET.get("q", "").split())[:LONGEST]
    after = request.GET.get("after", "")[:LONGEST]
    rows = CatalogueEntry.objects.seen_by(person(request)).order_by("name", "id")
    if looked_for:
        rows = rows.filter(name__icontains=looked_for)
    found = list((rows.filter(name__gt=after) if after else rows)[: A_PAGE + 1])
    shown = {
        "entries": [(entry, country_name(entry.country) if entry.country else "") for entry in found[:A_PAGE]],
        "total": CatalogueEntry.objects.count(),
        "next": found[A_PAGE - 1].name if len(found) > A_PAGE else "",
        "looked_for": looked_for,
        "proposals": [_quoted(one) for one in NameProposal.objects.filter(state="open")[:20]],
        "has_records": not found and not looked_for,
        "wrong": wrong,
        "typed": typed,
    }
    return settings.draw(request, "products.html", shown, here="products", status=422 if wrong else 200)


def _quoted(proposal: NameProposal) -> tuple[NameProposal, str]:
    """A proposal with one message that uses it, where it is still there."""
    ids = [i for i in proposal.examples if isinstance(i, int)]
    text = Message.objects.filter(pk__in=ids, deleted_at__isnull=True).values_list("text", flat=True).first()
    return proposal, (text or "")[:160]


def add(request: HttpRequest) -> None:
    """Add one product or store. Raises `Failure` for what cannot be one."""
    given = request.POST
    name = " ".join(given.get("name", "").split())[:LONGEST]
    kind = CatalogueEntry.Kind.STORE if given.get("kind") == "store" else CatalogueEntry.Kind.PRODUCT
    country = given.get("country", "").strip().upper()[:2] if kind == CatalogueEntry.Kind.STORE else ""
    if not any(c.isalnum() for c in name):
        raise Failure("No name was given. Write the name customers use.")
    if kind == CatalogueEntry.Kind.STORE and country not in countries.names():
        raise Failure("A store needs its country in two letters, such as GB or DE.")
    try:
        with transaction.atomic():
            CatalogueEntry.objects.create(
                kind=kind,
                name=name,
                country=country,
                synonyms=_names(given.get("synonyms", "")),
                codes=_names(given.get("codes", "")),
            )
    except IntegrityError:
        raise Failure(f"{name} is in the catalogue already. Remove it first to enter it anew.") from None
    settings.record(request, "changed_catalogue", f"added {name}")
    messages.success(request, f"{name} was added. New messages that name it are found from now on.")


def _names(typed: str) -> list[str]:
    """Names parted by commas or lines, each once."""
    parts = (" ".join(part.split())[:LONGEST] for part in typed.replace("\n", ",").split(","))
    return list(dict.fromkeys(part for part in parts if part))[:MOST_NAMES]


@require_POST
@needs("manage")
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one out of the catalogue; what was found of it stays found."""
    entry = get_object_or_404(CatalogueEntry.objects.seen_by(person(request)), pk=pk)
    entry.delete()
    settings.record(request, "changed_catalogue", f"removed {entry.name}")
    messages.success(request, f"{entry.name} was removed. Messages read before keep it.")
    return redirect("products")


@require_POST
@needs("manage")
def look(request: HttpRequest) -> HttpResponse:
    """Look for new names in the newest messages now; or take the products of imported orders."""
    if request.POST.get("take") == "records":
        taken = known.take_from_records()
        settings.record(request, "changed_catalogue", f"took {taken} products from orders")
        messages.success(request, f"{taken} products came in from orders." if taken else "No order names a product.")
        return redirect("products")
    new = proposals.look(timezone.now())
    words = {0: "No new name was found.", 1: "One new name was found."}
    messages.success(request, words.get(new, f"{new} new names were found."))
    return redirect("products")


@require_POST
@needs("manage")
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Adopt a proposed name as a product, or say that it is none."""
    proposal = get_object_or_404(NameProposal.objects.seen_by(person(request)), pk=pk, state="open")
    if request.POST.get("do") == "adopt":
        name = " ".join(request.POST.get("name", "").split())[:LONGEST] or proposal.name
        proposals.adopt(person(request), proposal, name, timezone.now())
        settings.record(request, "changed_catalogue", f"adopted {name}")
        messages.success(request, f"{name} is in the catalogue now.")
    else:
        proposals.dismiss(person(request), proposal)
        settings.record(request, "changed_catalogue", f"{proposal.name} is no product")
        messages.success(request, f"{proposal.name} is not proposed again.")
    return redirect("products")
