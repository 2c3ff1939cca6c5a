"""Promises kept on rows: waits, due times and what the inbox sorts by, always made from the messages' own times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from crowdalogue.act import clocks, hours
from crowdalogue.act.clocks import Said
from crowdalogue.models import Conversation, Hours, Message, Reply, Target, Wait
from crowdalogue.models.bulk import chunks, insert_many, make, update_many

NEWEST = 2000  # messages of one conversation that are followed; older waits stay as they were
DEFAULT_FIRST, DEFAULT_NEXT = 30, 60  # minutes, where no target is set: a usual promise

NOT_SAID = (Reply.State.FAILED, Reply.State.RECALLED)  # answers that never reached anybody
KEPT_COLUMNS = [
    "first_at", "last_at", "messages_count", "preview", "opened_by_customer", "first_response_s",
    "waiting_since", "due_at", "needs_answer", "state", "snoozed_until", "unread", "why",
]  # fmt: skip


class Targets:
    """The targets and hours of this moment, read once for a batch."""

    def __init__(self) -> None:
        self.rows = {(t.kind, t.priority): t for t in Target.objects.select_related("hours")[:500]}
        self._openings: dict[int, hours.Opening | None] = {}

    def of(self, kind: str, priority: int) -> Target:
        """The most particular target: channel and priority, then channel, then priority, then any."""
        for key in ((kind, priority), (kind, -1), ("", priority), ("", -1)):
            if key in self.rows:
                return self.rows[key]
        return Target(first_minutes=DEFAULT_FIRST, next_minutes=DEFAULT_NEXT)

    def opening(self, target: Target) -> hours.Opening | None:
        if target.hours is None:
            return None
        if target.hours.pk not in self._openings:
            self._openings[target.hours.pk] = opening_of(target.hours)
        return self._openings[target.hours.pk]

    def due(self, conversation: Conversation, started: datetime, first: bool) -> datetime:
        target = self.of(conversation.kind, conversation.priority)
        return hours.due(started, target.first_minutes if first else target.next_minutes, self.opening(target))


def opening_of(row: Hours) -> hours.Opening:
    return hours.read_opening(row.timezone, row.week, row.holidays)


def follow(
    conversations: Iterable[int],
    *,
    fresh: Mapping[int, tuple[Conversation, Sequence[Message]]] | None = None,
    quiet: Iterable[int] = (),
) -> None:
    """Make waits and clock columns of these conversations anew. Call inside the transaction that changed them.

    `fresh` gives the rows and messages of conversations that are new in this transaction, so that they need not be
    read again. `quiet` are conversations where what came does not reopen anything (history, corrections).
    """
    fresh = fresh or {}
    silent = set(quiet)
    targets = Targets()
    for part in chunks(conversations):
        known = [pk for pk in part if pk not in fresh]
        rows = list(Conversation.objects.select_for_update().filter(pk__in=known).order_by("pk")) if known else []
        said = said_in([r.pk for r in rows])
        old = waits_of([r.pk for r in rows])
        for row, messages in (fresh[pk] for pk in part if pk in fresh):
            rows.append(row)
            said[row.pk] = sorted((from_message(m) for m in messages), key=lambda s: (s[0].at, s[0].id))
        new: list[Wait] = []
        changed: list[Wait] = []
        for row in rows:
            lines = said.get(row.pk, [])
            clock = clocks.follow([s for s, _ in lines], lambda at, first, row=row: targets.due(row, at, first))  # type: ignore[misc]
            made = [describe(row, n, w, targets) for n, w in enumerate(clock.waits, 1)]
            settle(row, clock, lines, reopen=row.pk not in silent)
            mark_waived(row, made)
            sort_out(old.get(row.pk, {}), made, new, changed)
        insert_many(Wait, new)
        update_many(Wait, WAIT_COLUMNS, changed)
        update_many(Conversation, KEPT_COLUMNS, rows)


WAIT_COLUMNS = ["started_at", "first", "due_at", "answered_at", "answer", "calendar_s", "business_s", "waived"]


def from_message(message: Message) -> tuple[Said, str]:
    inbound = message.direction == Message.Direction.IN
    stands = message.deleted_at is None and not message.apart
    counts = message.direction != Message.Direction.NOTE and message.kind == "message" and stands
    return Said(message.pk, message.sent_at, message.received_at, inbound, counts), message.text[:400]


def said_in(ids: Sequence[int]) -> dict[int, list[tuple[Said, str]]]:
    """The messages of each conversation as the clocks see them, oldest first, with their beginnings."""
    found: dict[int, list[tuple[Said, str]]] = defaultdict(list)
    if not ids:
        return found
    rows: Any = (
        Message.objects.filter(conversation_id__in=ids)
        .exclude(direction=Message.Direction.NOTE)
        .annotate(asks=F("reading__needs_answer"), reply_state=F("reply__state"))
        .order_by("conversation_id", "-sent_at", "-id")
        .values_list(
            "conversation_id", "id", "sent_at", "received_at", "direction", "kind", "text", "asks", "reply_state",
            "deleted_at", "apart",
        )
    )  # fmt: skip
    for conversation, pk, at, received, direction, kind, text, asks, reply, gone, apart in rows.iterator(2000):
        lines = found[conversation]
        if len(lines) < NEWEST:
            # What was taken back before we answered, or is kept apart, waits for nothing.
            stands = not apart and (gone is None or direction == Message.Direction.OUT)
            counts = kind == "message" and reply not in NOT_SAID and stands
            said = Said(pk, at, received, direction == Message.Direction.IN, counts, asks is not False)
            lines.append((said, text[:400]))
    for lines in found.values():
        lines.reverse()
    return found


def waits_of(ids: Sequence[int]) -> dict[int, dict[int, Wait]]:
    found: dict[int, dict[int, Wait]] = defaultdict(dict)
    if not ids:
        return found
    for wait in Wait.objects.filter(conversation_id__in=ids):
        found[wait.conversation_id][wait.number] = wait
    return found


def describe(row: Conversation, number: int, waiting: clocks.Waiting, targets: Targets) -> Wait:
    wait = make(
        Wait,
        conversation_id=row.pk,
        number=number,
        started_at=waiting.started,
        first=waiting.first,
        due_at=waiting.due,
        answered_at=waiting.answered,
        answer_id=waiting.answer,
        waived=not waiting.asks and waiting.answered is None,
    )
    if waiting.answered is not None:
        wait.calendar_s = max(0, int((waiting.answered - waiting.started).total_seconds()))
        opening = targets.opening(targets.of(row.kind, row.priority))
        wait.business_s = hours.business_seconds(waiting.started, waiting.answered, opening) if opening else None
    return wait


def settle(row: Conversation, clock: clocks.Clock, lines: Sequence[tuple[Said, str]], *, reopen: bool) -> None:
    """Set the conversation's own columns from its clock and messages; nothing is saved here."""
    if lines:
        row.first_at, row.last_at = lines[0][0].at, max(row.last_at, lines[-1][0].at)
        row.messages_count = len(lines)
    theirs = [(said, text) for said, text in lines if said.inbound and said.counts]
    if theirs:
        row.preview = " ".join(theirs[-1][1].split())[:200]
    row.opened_by_customer = clock.opened_by_customer
    response = clock.first_response
    row.first_response_s = max(0, int(response.total_seconds())) if response is not None else None
    waiting = clock.open
    if waiting is None:
        row.waiting_since = row.due_at = None
        return
    news = row.handled_at is None or theirs[-1][0].received > row.handled_at
    if reopen and news and row.state in (Conversation.State.CLOSED, Conversation.State.SNOOZED):
        row.state, row.snoozed_until, row.unread = Conversation.State.OPEN, None, True
    row.waiting_since, row.due_at = waiting.started, waiting.due
    row.needs_answer = waiting.asks
    if row.state == Conversation.State.CLOSED:  # closed without an answer, and nothing came since
        row.waiting_since = row.due_at = None


def mark_waived(row: Conversation, waits: Sequence[Wait]) -> None:
    """What is kept apart (spam, trolls) is owed nothing. Closing without an answer waives nothing: it stays
    among the never answered, for nobody should look better by closing."""
    if waits and waits[-1].answered_at is None and row.state == Conversation.State.APART:
        waits[-1].waived = True


def sort_out(old: dict[int, Wait], made: Sequence[Wait], new: list[Wait], changed: list[Wait]) -> None:
    for wait in made:
        before = old.pop(wait.number, None)
        if before is None:
            new.append(wait)
        elif any(getattr(before, c) != getattr(wait, c) for c in (*WAIT_COLUMNS[:4], "answer_id", *WAIT_COLUMNS[5:])):
            wait.pk = before.pk
            changed.append(wait)
    if old:
        Wait.objects.filter(pk__in=[w.pk for w in old.values()]).delete()
