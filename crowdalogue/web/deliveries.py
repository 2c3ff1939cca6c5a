"""Raw deliveries: what knocked, as it came; shown masked, and understood again after a fix."""

from __future__ import annotations

import json
import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from crowdalogue import flow
from crowdalogue.analyze.steps import personal_data
from crowdalogue.models import Account, Delivery
from crowdalogue.web import settings
from crowdalogue.web.frame import needs, person
from crowdalogue.web.words import plural

A_PAGE = 50
AT_ONCE = 100  # replayed in one request; the rest by pressing again
SHOWN = 20_000  # bytes of a body on the page
OPEN_HEADERS = ("content-type", "content-length", "user-agent", "date", "accept")  # say nothing of a person
SECRET_HEADERS = ("authorization", "cookie", "signature", "token", "secret", "key")
STATES = Delivery.State


@require_GET
@needs("manage")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/deliveries/?state=&account=: newest first, a page at a time."""
    state, account = request.GET.get("state", ""), request.GET.get("account", "")
    found = Delivery.objects.seen_by(person(request)).select_related("account").defer("body").order_by("-id")
    if state in STATES.values:
        found = found.filter(state=state)
    if account.isdecimal():
        found = found.filter(account_id=int(account))
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 16:
        found = found.filter(id__lt=int(before))
    some = list(found[: A_PAGE + 1])
    shown = {
        "rows": some[:A_PAGE],
        "next": some[A_PAGE - 1].pk if len(some) > A_PAGE else "",
        "failed": Delivery.objects.filter(state=STATES.FAILED).order_by()[:1000].count(),
        "chips": chips(request, state, account),
        "account": account,
        "filtered": bool(state or account),
        "at_once": AT_ONCE,
    }
    return settings.draw(request, "deliveries.html", shown, here="deliveries")


def chips(request: HttpRequest, state: str, account: str) -> list[dict[str, Any]]:
    named = [(str(a.pk), a.name) for a in Account.objects.order_by("name") if a.deliveries.exists()]
    return [
        settings.chip(request, "State", "state", state, [("", "Any"), *STATES.choices]),
        settings.chip(request, "Channel", "account", account, [("", "Any"), *named]),
    ]


@needs("manage")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """/settings/deliveries/<id>/: masked; asked for by POST as it came, which leaves a line in the audit."""
    delivery = get_object_or_404(Delivery.objects.seen_by(person(request)).select_related("account"), pk=pk)
    plain = request.method == "POST"
    if plain:
        settings.record(request, "looked_at_delivery", f"{delivery.account}: delivery {pk}")
    body = bytes(delivery.body)
    text = body[:SHOWN].decode("utf-8", "replace")
    shown = {
        "delivery": delivery,
        "plain": plain,
        "headers": [(n, v if is_open(n, plain) else masked(v)) for n, v in delivery.headers.items()],
        "text": text if plain else masked_body(text, cut=len(body) > SHOWN),
        "size": len(body),
        "cut": len(body) > SHOWN,
        "messages_of": delivery.messages.select_related("conversation")[:20],
    }
    return settings.draw(request, "delivery.html", shown, here="deliveries")


def is_open(header: str, plain: bool) -> bool:
    """Whether a header is shown as it came; what proves the sender never is."""
    name = header.casefold()
    return name in OPEN_HEADERS or (plain and not any(word in name for word in SECRET_HEADERS))


def masked(text: str) -> str:
    """Every word by its first letter, so that the shape is seen and not what somebody wrote; of a phone number, an
    address or a password not even that."""
    return re.sub(r"(?<=\w)\w", "•", personal_data.masked(text))


def masked_body(text: str, *, cut: bool = False) -> str:
    """JSON keeps its names and structure, mail its header names; everything said is masked."""
    if not cut:
        try:
            return json.dumps(masked_values(json.loads(text)), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            pass
    lines = []
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        is_header = colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,40}", name)
        lines.append(f"{name}:{masked(value)}" if is_header else masked(line))
    return "\n".join(lines)


def masked_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {personal_data.masked(name): masked_values(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked_values(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    return masked(str(value))


@require_POST
@needs("manage")
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Understand one again. What was filed before stays one row."""
    delivery = get_object_or_404(Delivery.objects.seen_by(person(request)).select_related("account"), pk=pk)
    settings.record(request, "replayed", f"{delivery.account}: delivery {pk}")
    delivery = flow.replay(delivery)
    if delivery.state == STATES.FILED:
        messages.success(request, "It was understood and filed.")
    else:
        messages.error(request, f"It was not understood again. {delivery.reason}")
    return redirect("delivery", pk)


@require_POST
@needs("manage")
def replay_all(request: HttpRequest) -> HttpResponse:
    """Understand again what failed, oldest first, some at once; for one channel or all."""
    account = request.POST.get("account", "")
    failed = Delivery.objects.seen_by(person(request)).filter(state=STATES.FAILED).select_related("account")
    if account.isdecimal():
        failed = failed.filter(account_id=int(account))
    some = list(failed.order_by("id")[:AT_ONCE])
    filed = sum(flow.replay(delivery).state == STATES.FILED for delivery in some)
    settings.record(request, "replayed", plural(len(some), "failed delivery,failed deliveries"), filed=filed)
    if filed < len(some):
        rest = plural(len(some) - filed, "was,were")
        messages.error(request, f"{filed} of {len(some)} are filed now; {rest} not understood again.")
    else:
        messages.success(request, f"{plural(filed, 'delivery is,deliveries are')} filed now.")
    return redirect(reverse("deliveries") + "?" + urlencode({"state": "failed", "account": account}))
