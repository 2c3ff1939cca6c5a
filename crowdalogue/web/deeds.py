"""What an agent does to conversations from the list or the page: one address for all of it, and its undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from crowdalogue.act import handling
from crowdalogue.errors import Failure
from crowdalogue.models import Conversation, Event, User
from crowdalogue.web.frame import is_partial, needs, person
from crowdalogue.web.preferences import safe_next
from crowdalogue.web.words import plural

MOST_AT_ONCE = 500
MORNING = time(9, 0)

# what the snooze menu offers: name -> words
SNOOZES = {
    "hour": "In one hour",
    "evening": "This evening, 18:00",
    "tomorrow": "Tomorrow, 9:00",
    "monday": "Monday, 9:00",
    "week": "In a week",
}


@dataclass(frozen=True, slots=True)
class Deed:
    """`words` says what was done, with {n} for how many conversations."""

    run: Callable[[User, list[Conversation], str], list[Event]]
    words: str
    leaves: bool = False  # the conversation leaves the queue


def _assign(user: User, rows: list[Conversation], value: str) -> list[Event]:
    if value in ("", "none"):
        return handling.assign(user, rows, None)
    owner = user if value == "me" else User.objects.filter(pk=value, is_active=True).first()
    if owner is None or not owner.may("answer"):
        raise Failure("This colleague cannot answer. Choose another one, or change their role under Settings, Team.")
    return handling.assign(user, rows, owner)


def _snooze(user: User, rows: list[Conversation], value: str) -> list[Event]:
    return handling.snooze(user, rows, snooze_until(value))


def _tag(user: User, rows: list[Conversation], value: str) -> list[Event]:
    if not value.strip():
        raise Failure("The tag has no name. Type one, then add it again.")
    return handling.tag(user, rows, value)


DEEDS: dict[str, Deed] = {
    "assign": Deed(_assign, "Assigned {n}."),
    "tag": Deed(_tag, "Tagged {n}."),
    "untag": Deed(handling.untag, "Took the tag off {n}."),
    "snooze": Deed(_snooze, "Snoozed {n}.", leaves=True),
    "close": Deed(lambda user, rows, _: handling.close(user, rows), "Closed {n}.", leaves=True),
    "reopen": Deed(lambda user, rows, _: handling.reopen(user, rows), "Reopened {n}."),
    "apart": Deed(
        lambda user, rows, value: handling.set_apart(user, rows, value or f"Set apart by {user}"),
        "Kept {n} apart.",
        leaves=True,
    ),
}


def snooze_until(value: str, now: datetime | None = None) -> datetime:
    """A name of SNOOZES or a local date and time (2026-03-04T09:00), in the reader's zone. Failure if it is past."""
    here = timezone.localtime(now)
    at = {
        "hour": here + timedelta(hours=1),
        "evening": _on(here, 0, time(18, 0)),
        "tomorrow": _on(here, 1, MORNING),
        "monday": _on(here, (7 - here.weekday()) or 7, MORNING),
        "week": _on(here, 7, MORNING),
    }.get(value)
    if at is None:
        try:
            at = timezone.make_aware(datetime.fromisoformat(value), here.tzinfo)
        except ValueError:
            raise Failure("This is not a time to wait until. Choose a day and an hour.") from None
    if value == "evening" and at <= here:
        at = _on(here, 1, time(18, 0))
    if at <= here:
        raise Failure("This time is past already. Choose one to come.")
    return at


def _on(here: datetime, days: int, at: time) -> datetime:
    return timezone.make_aware(datetime.combine(here.date() + timedelta(days=days), at), here.tzinfo)


@require_POST
@needs("answer")
def do(request: HttpRequest) -> HttpResponse:
    """POST deed, value and one or more `pick` (ids). To script {words, undo, done: ids}; else back to `next`."""
    user = person(request)
    name, _, given = request.POST.get("deed", "").partition(":")
    deed = DEEDS.get(name)
    if deed is None:
        raise Failure("Nothing was chosen to be done. Choose an action, then try again.")
    ids = [int(i) for i in request.POST.getlist("pick")[:MOST_AT_ONCE] if i.isdecimal() and len(i) < 16]
    rows = list(Conversation.objects.seen_by(user).filter(pk__in=ids))
    events = deed.run(user, rows, given or request.POST.get("value", ""))
    return answer(request, deed.words.format(n=plural(len(rows), "conversation,conversations")), events)


def answer(request: HttpRequest, words: str, events: list[Event]) -> HttpResponse:
    undo = reverse("undo", args=["-".join(str(e.pk) for e in events)]) if events and events[0].pk else ""
    words = words if events else "Nothing had to be changed."
    if is_partial(request):
        return JsonResponse({"words": words, "undo": undo, "done": sorted({e.conversation_id for e in events})})
    messages.success(request, words, extra_tags=undo)
    return redirect(safe_next(request, reverse("inbox")))


@require_POST
@needs("answer")
def undo(request: HttpRequest, events: str) -> HttpResponse:
    """Put back what these events changed (their ids with dashes), newest first; only one's own deeds."""
    user = person(request)
    ids = [int(i) for i in events.split("-")[:MOST_AT_ONCE] if i.isdecimal() and len(i) < 16]
    mine = Event.objects.filter(pk__in=ids, user=user).select_related("conversation").order_by("-pk")
    done = sum(handling.undo(user, event) for event in mine)
    words = "Undone." if done else "It was undone already."
    if is_partial(request):
        return JsonResponse({"words": words})
    messages.success(request, words)
    return redirect(safe_next(request, reverse("inbox")))
