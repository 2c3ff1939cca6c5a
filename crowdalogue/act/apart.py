"""Messages kept from every queue: the rows behind `judgement`, visible, with the reason, and reversible."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.utils.timezone import now

from crowdalogue import live
from crowdalogue.act.judgement import KINDS, Rules, Seen, Verdict
from crowdalogue.errors import Failure
from crowdalogue.models import Apart, BusinessRecord, Company, Event, Handle, Message, Reading, User
from crowdalogue.models.bulk import chunks

LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
A_DAY, A_BURST = timedelta(days=1), timedelta(minutes=10)
IN = Message.Direction.IN


def rules() -> Rules:
    company = Company.objects.first()
    return Rules.of(company.rules.get("apart") if company else None)


def gather(readings: Sequence[Reading], answered: set[int]) -> dict[int, Seen]:
    """What `judge` needs to know of these readings' messages, by message id, in a handful of queries.

    `answered` are conversations in which somebody of ours has spoken.
    """
    messages = {r.message_id: r.message for r in readings if r.message.direction == IN}
    handles = {m.handle_id for m in messages.values() if m.handle_id}
    authors = authors_of(handles)
    persons = {a.person_id for a in authors.values() if a.person_id}
    served = set(BusinessRecord.objects.filter(person_id__in=persons).values_list("person_id", flat=True).distinct())
    lately, trolled, copies = bursts(messages.values()), trolling(handles), copies_of(readings)
    found: dict[int, Seen] = {}
    for reading in readings:
        message = messages.get(reading.message_id)
        if message is None:
            continue
        author = authors.get(message.handle_id or 0) or Handle()
        found[message.pk] = Seen(
            labels=labels_of(reading),
            has_link=bool(LINK.search(message.text)),
            ours=author.ours,
            blocked_why=author.blocked_why or ("no reason was given" if author.blocked_at else ""),
            bot=author.facts.get("bot") is True,
            known_customer=message.conversation_id in answered or author.person_id in served,
            copies=copies.get(reading.duplicate_of or reading.message_id, 0),
            lately=lately.get(message.pk, 0),
            trolled=trolled.get(message.handle_id or 0, 0),
        )
    return found


def labels_of(reading: Reading) -> dict[str, tuple[str, float]]:
    return {
        step: (str(found["label"]), float(found["confidence"]))
        for step, found in reading.findings.items()
        if isinstance(found, dict) and "label" in found
    }


def authors_of(handles: Iterable[int]) -> dict[int, Handle]:
    return {row.pk: row for part in chunks(handles) for row in Handle.objects.filter(pk__in=part)}


def bursts(messages: Iterable[Message]) -> dict[int, int]:
    """How many messages each author had sent in the ten minutes before each of these, itself included."""
    mine = list(messages)
    if not mine:
        return {}
    first, last = min(m.sent_at for m in mine) - A_BURST, max(m.sent_at for m in mine)
    times: dict[int, list[datetime]] = {}
    for part in chunks({m.handle_id for m in mine if m.handle_id}):
        rows = Message.objects.filter(handle_id__in=part, direction=IN, sent_at__gte=first, sent_at__lte=last)
        for handle, at in rows.values_list("handle_id", "sent_at")[:20_000]:
            times.setdefault(handle or 0, []).append(at)
    return {m.pk: sum(m.sent_at - A_BURST < at <= m.sent_at for at in times.get(m.handle_id or 0, ())) for m in mine}


def trolling(handles: Iterable[int]) -> Counter[int]:
    """How many messages of each author people judged to be trolling."""
    counted: Counter[int] = Counter()
    for part in chunks(handles):
        rows = Apart.objects.filter(
            kind="troll", user__isnull=False, undone_at__isnull=True, message__handle_id__in=part
        ).values("message__handle_id")
        counted.update({row["message__handle_id"]: row["n"] for row in rows.annotate(n=Count("id"))})
    return counted


def copies_of(readings: Sequence[Reading]) -> dict[int, int]:
    """For each near-duplicate group among these readings: how many accounts sent it within a day.

    Asked for every message that is read: copies are looked up by the first of their group, never among all messages.
    """
    groups = sorted({r.duplicate_of for r in readings if r.duplicate_of})[:200]
    since = now() - A_DAY
    firsts = Message.objects.filter(pk__in=groups, direction=IN, received_at__gte=since)
    first = dict(firsts.values_list("pk", "handle_id"))
    counted: dict[int, int] = {}
    for group in groups:
        copies = Reading.objects.filter(duplicate_of=group, message__direction=IN, message__received_at__gte=since)
        others = copies.exclude(message__handle_id=first[group]) if first.get(group) else copies
        counted[group] = others.values("message__handle_id").distinct().count() + (group in first)
    return counted


# --- rows


def keep(verdicts: Mapping[int, Verdict], user: User | None = None) -> list[int]:
    """Keep messages apart, each once. Call inside a transaction; returns their conversations."""
    rows = list(Message.objects.select_for_update().filter(pk__in=list(verdicts), apart__isnull=True).order_by("pk"))
    at = now()
    Apart.objects.bulk_create(
        [
            Apart(message=m, kind=v.kind, why=v.why[:300], confidence=v.confidence, user=user, at=at)
            for m in rows
            for v in [verdicts[m.pk]]
        ]
    )
    for kind in {v.kind for v in verdicts.values()}:
        ids = [m.pk for m in rows if verdicts[m.pk].kind == kind]
        Message.objects.filter(pk__in=ids).update(apart=kind, changed_at=at)
    return sorted({m.conversation_id for m in rows})


def all_apart(conversations: Iterable[int]) -> set[int]:
    """Those of the conversations in which every customer message is kept apart."""
    ids = list(conversations)
    waiting = Message.objects.filter(conversation_id__in=ids, direction=IN, apart__isnull=True)
    return set(ids) - set(waiting.values_list("conversation_id", flat=True).distinct())


def release(conversations: Iterable[int], user: User | None) -> int:
    """Whoever takes a conversation back takes its messages back. Call inside a transaction."""
    conversations = list(conversations)
    if not conversations:
        return 0
    open_rows = Apart.objects.filter(message__conversation_id__in=conversations, undone_at__isnull=True)
    ids = list(open_rows.values_list("message_id", flat=True)[:5000])
    open_rows.filter(message_id__in=ids).update(undone_at=now(), undone_by=user)
    Message.objects.filter(pk__in=ids).update(apart=None, changed_at=now())
    return len(ids)


def judge_by_hand(user: User, message: Message, kind: str, why: str = "") -> Apart:
    """A person keeps one message apart. Raises `Failure` where it is apart already or the kind is unknown."""
    if kind not in KINDS or kind == "blocked":
        raise Failure("This is not a reason to keep it apart. Choose spam, trolling, automatic or our own words.")
    with transaction.atomic():
        if not keep({message.pk: Verdict(kind, why or f"{KINDS[kind]}, judged by {user}")}, user):
            raise Failure("It is kept apart already. Load the page again to see why.")
        what = f"{KINDS[kind].lower()}: {message.text[:80]}"
        Event.objects.create(conversation_id=message.conversation_id, user=user, deed="judged", what=what[:300])
        live.announce("conversation", message.conversation_id)
        return Apart.objects.filter(message=message, undone_at__isnull=True).get()


def take_back(user: User, row: Apart) -> bool:
    """Undo one judgement. False where it was undone before."""
    with transaction.atomic():
        undone = Apart.objects.filter(pk=row.pk, undone_at__isnull=True).update(undone_at=now(), undone_by=user)
        if not undone:
            return False
        Message.objects.filter(pk=row.message_id).update(apart=None, changed_at=now())
        Event.objects.create(
            conversation_id=row.message.conversation_id, user=user, deed="released", what=row.why[:300]
        )
        live.announce("conversation", row.message.conversation_id)
    return True


def tally(since: datetime) -> dict[str, dict[str, int]]:
    """By kind: how many were kept apart by rule since then, and how many of them people took back."""
    rows = Apart.objects.filter(at__gte=since, user__isnull=True).values("kind")
    counted = rows.annotate(n=Count("id"), undone=Count("id", filter=Q(undone_at__isnull=False)))
    return {row["kind"]: {"n": row["n"], "undone": row["undone"]} for row in counted}
