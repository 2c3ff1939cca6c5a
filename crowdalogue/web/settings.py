"""Settings: the first page of them, and what all of them share: the tabs, and the line in the audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from crowdalogue.models import Account, Audit, Brand, Delivery, Import, Target, Token, User
from crowdalogue.web.frame import company, may, needs, person
from crowdalogue.web.words import plural

# address, name, icon, the right it needs, what it is for
PAGES = (
    ("channels", "Channels", "i-mail", "manage", "Where messages come from and answers go out."),
    ("imports", "Imports", "i-upload", "import", "Past messages from files."),
    ("deliveries", "Raw deliveries", "i-box", "manage", "Everything that knocked, as it came, to be replayed."),
    ("apart", "Kept apart", "i-archive", "read", "Spam, trolling and machines, with the reason, to be taken back."),
    ("promises", "Promises", "i-clock", "manage", "How soon customers get an answer, and when you are there."),
    ("brands", "Brands", "i-brand", "manage", "Your own names and those you compare yourself with."),
    ("products", "Products", "i-tag", "manage", "Products and stores by the names customers use, and new ones found."),
    ("standings", "People", "i-user", "manage", "Who is a VIP, an influencer, an advocate; lists to import."),
    ("team", "Team", "i-people", "manage", "Who signs in, and what they may do."),
    ("tokens", "API tokens", "i-key", "manage", "Keys for programs."),
    ("audit", "Audit", "i-book", "audit", "Who signed in, exported, deleted and changed what."),
)


def draw(
    request: HttpRequest, template: str, context: dict[str, Any], *, here: str = "", status: int = 200
) -> HttpResponse:
    """A page of Settings: its tabs are those this person may open; `here` names the current one."""
    tabs = [
        {"name": name, "url": reverse(address), "here": address == here}
        for address, name, _, right, _ in PAGES
        if may(request, right)
    ]
    return render(request, template, {"tabs": tabs, **context}, status=status)


def record(request: HttpRequest, deed: str, what: str = "", **facts: Any) -> None:
    """A line in the audit: who did it, from which address. Never holds secrets or texts of messages."""
    user = person(request)
    Audit.objects.create(
        user=user,
        who=str(user)[:200],
        deed=deed,
        what=what[:300],
        facts=facts,
        address=request.META.get("REMOTE_ADDR", "")[:64],
    )


def chip(request: HttpRequest, key: str, name: str, value: str, options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """One chip of filter_bar.html: a choice of the address's `name`, which forgets where the list stood."""
    links = []
    for given, words in options:
        query = request.GET.copy()
        query.pop("before", None)
        query.pop(name, None)
        if given:
            query[name] = given
        links.append({"url": f"{request.path}?{query.urlencode()}", "value": given, "words": words})
    label = next((words for given, words in options if given == value), options[0][1])
    return {"key": key, "label": label, "name": name, "value": value, "options": links}


@require_GET
@needs("read")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/: what there is to set, and how it stands. People who manage nothing see what is their own."""
    user = person(request)
    entries = [
        {"name": name, "icon": icon, "about": about, "url": reverse(address), "state": state_of(address)}
        for address, name, icon, right, about in PAGES
        if user.may(right)
    ]
    return draw(request, "settings.html", {"entries": entries, "company": company()})


def state_of(address: str) -> tuple[str, str]:
    """How one part stands in a few words, and the look of the badge that says so ("" is calm)."""
    known: dict[str, Callable[[], tuple[str, str]]] = {
        "channels": channels_state,
        "imports": imports_state,
        "deliveries": deliveries_state,
        "promises": promises_state,
        "brands": brands_state,
        "team": team_state,
        "tokens": tokens_state,
    }
    return known[address]() if address in known else ("", "")


def team_state() -> tuple[str, str]:
    return plural(User.objects.filter(is_active=True).count(), "person,people"), ""


def tokens_state() -> tuple[str, str]:
    return plural(Token.objects.filter(ended_at__isnull=True).count(), "token,tokens"), ""


def channels_state() -> tuple[str, str]:
    broken = Account.objects.exclude(last_error="").exclude(state=Account.State.PAUSED).count()
    if broken:
        return f"{plural(broken, 'channel needs,channels need')} attention", "late"
    return plural(Account.objects.count(), "channel,channels"), ""


def imports_state() -> tuple[str, str]:
    running = Import.objects.filter(state__in=(Import.State.RUNNING, Import.State.WAITING)).count()
    if running:
        return f"{running} running", "own"
    drafts = Import.objects.filter(state=Import.State.DRAFT).count()
    return (f"{drafts} to confirm", "soon") if drafts else (plural(Import.objects.count(), "import,imports"), "")


def deliveries_state() -> tuple[str, str]:
    failed = Delivery.objects.filter(state=Delivery.State.FAILED).order_by()[:1000].count()
    return (f"{plural(failed, 'was,were')} not understood", "soon") if failed else ("All understood", "")


def promises_state() -> tuple[str, str]:
    any_channel = Target.objects.filter(kind="", priority=-1).first()
    if any_channel is None:
        return "30 minutes, as long as none is set", ""
    return f"First answer within {spell(any_channel.first_minutes)}", ""


def brands_state() -> tuple[str, str]:
    ours = Brand.objects.filter(competitor=False).count()
    return f"{plural(ours, 'brand,brands')} of ours", ""


def spell(minutes: int) -> str:
    """90 as "1 h 30 min", 2880 as "2 days"."""
    if minutes and minutes % 1440 == 0:
        return plural(minutes // 1440, "day,days")
    hours, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )
