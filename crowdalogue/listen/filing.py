"""One row a message, under its conversation and handle; repeats are nothing.

Everything here happens inside the caller's transaction. Whatever may be repeated is safe by a unique
constraint: a message by (account, external id), a handle by (kind, address), a reference by (account, ref).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from crowdalogue.channels import base
from crowdalogue.listen import attachments, changes, threads
from crowdalogue.listen.people import Directory
from crowdalogue.models import (
    Account,
    Attachment,
    Conversation,
    Delivery,
    Draft,
    Event,
    Handle,
    Interaction,
    Message,
    Reply,
    Tag,
    ThreadRef,
    Wait,
)
from crowdalogue.models.bulk import chunks, insert_many, make, pick
from crowdalogue.text import index

Mended = TypeVar("Mended", base.Incoming, base.Author)
LONGEST_ID = 300
READ = (base.Kind.MESSAGE, base.Kind.OVERHEARD)  # what the steps look at
PREVIEW = 200
TOGETHER = 8  # from so many messages on their words are indexed together


@dataclass
class Filed:
    """What one call of `file` did. `touched` are ids of conversations whose clocks must be followed."""

    messages: list[Message] = field(default_factory=list)
    repeated: int = 0
    interactions: int = 0
    conversations: int = 0
    persons: int = 0
    brand_accounts: int = 0
    touched: set[int] = field(default_factory=set)
    made: dict[int, Conversation] = field(default_factory=dict)  # those of `touched` that are new
    edits: list[base.Incoming] = field(default_factory=list)  # newer versions of messages filed before


def file(
    account: Account,
    channel: base.Channel,
    items: Sequence[base.Incoming],
    *,
    now: datetime,
    delivery: Delivery | dict[str, Delivery] | None = None,
) -> Filed:
    """File a batch of one account's messages, in the order they were sent. Call inside a transaction.

    `delivery` is the raw row they came in, or one for each external id.
    """
    filed = Filed()
    fresh = leave_out_repeats(account, [tidy(item, now) for item in items], filed)
    filed.touched |= changes.edit(account, filed.edits, now)
    if not fresh:
        return filed
    fresh.sort(key=lambda item: item.sent_at or now)
    with index.at_once() if len(fresh) >= TOGETHER else nullcontext():
        write(account, channel, fresh, now, delivery, filed)
    return filed


def write(
    account: Account,
    channel: base.Channel,
    fresh: Sequence[base.Incoming],
    now: datetime,
    delivery: Delivery | dict[str, Delivery] | None,
    filed: Filed,
) -> None:
    """The rows of messages that are new, oldest first; what was done is noted in `filed`."""
    directory = meet_authors(account, channel, fresh)
    placement = threads.place(account, fresh, mail=channel.handles == "email")
    for gone, kept in placement.merges:
        merge(gone, kept)
    conversations = open_conversations(account, channel, placement, directory, filed)
    remember_refs(account, placement, conversations)
    rows = write_messages(account, channel, placement, conversations, directory, now, delivery)
    filed.messages = rows
    filed.persons = directory.new_persons
    filed.brand_accounts = directory.new_brand_accounts
    filed.touched |= {c.pk for c in conversations.values()}
    changes.bury(account, rows)


def tidy(item: base.Incoming, now: datetime) -> base.Incoming:
    """What no store takes is mended here: NUL bytes, endless ids, times without a zone or far in the future."""
    sent_at = item.sent_at
    if sent_at is not None and (sent_at.tzinfo is None or (sent_at - now).total_seconds() > 86400):
        sent_at = None
    mended = {
        "external_id": short(item.external_id),
        "parents": tuple(short(p) for p in item.parents if p and p != item.external_id),
        "threads": tuple(short(t) for t in item.threads if t),
        "author": tidy_author(item.author),
        "to": tuple(tidy_author(to) for to in item.to[:50]),
        "sent_at": sent_at,
        "text": without_nul(item.text),
        "subject": without_nul(item.subject).replace("\n", " ").replace("\r", " ")[:300],
        "html": without_nul(item.html),
        "quoted": without_nul(item.quoted),
        "url": without_nul(item.url),
        "extra": clean(item.extra),
    }
    return mend(item, mended)


def mend(whole: Mended, mended: dict[str, Any]) -> Mended:
    """The same one where nothing had to be mended, as nearly always: a copy takes longer than the looking."""
    changed = {name: value for name, value in mended.items() if value != getattr(whole, name)}
    return replace(whole, **changed) if changed else whole


def tidy_author(author: base.Author) -> base.Author:
    facts = clean(author.facts) if author.facts else author.facts
    name = without_nul(author.name).strip()
    return mend(author, {"address": without_nul(author.address), "name": name, "facts": facts})


def short(name: str) -> str:
    """Ids longer than the column keep their start and a digest of the whole, so they stay distinct."""
    name = without_nul(name)
    if len(name) <= LONGEST_ID:
        return name
    return name[:200] + "~" + hashlib.sha256(name.encode()).hexdigest()


def without_nul(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    # A lone surrogate cannot be stored; such text came from bytes that were not text.
    return text.encode("utf-8", "replace").decode()


def clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_nul(value)
    if isinstance(value, dict) or hasattr(value, "items"):
        return {without_nul(str(k)): clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean(v) for v in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def leave_out_repeats(account: Account, items: Iterable[base.Incoming], filed: Filed) -> list[base.Incoming]:
    """The items nobody filed before, each in its newest version; newer versions of filed ones go to `filed.edits`."""
    first: dict[str, base.Incoming] = {}
    for item in items:
        before = first.get(item.external_id)
        if before is not None:
            filed.repeated += 1
        if before is None or is_newer(item, before):
            first[item.external_id] = item
    for part in chunks(list(first)):
        for (external_id,) in pick(Message, ("external_id",), account=account.pk, external_id=part):
            known = first.pop(external_id)
            filed.repeated += 1
            if known.edited_at is not None:
                filed.edits.append(known)
    return list(first.values())


def is_newer(item: base.Incoming, than: base.Incoming) -> bool:
    return item.edited_at is not None and (than.edited_at is None or item.edited_at > than.edited_at)


def meet_authors(account: Account, channel: base.Channel, items: Iterable[base.Incoming]) -> Directory:
    directory = Directory(channel.handles or account.kind, demo=account.demo)
    met: list[tuple[str, base.Author]] = []
    for item in items:
        met.append((address_of(channel, item.author), item.author))
        if item.author.ours:  # whom we wrote to is a customer, even if they never wrote
            met.extend((address_of(channel, to), to) for to in item.to[:1] if to.address)
    directory.meet(met)
    return directory


def address_of(channel: base.Channel, author: base.Author) -> str:
    return (channel.normalise(author.address) or "unknown")[:320]


def open_conversations(
    account: Account, channel: base.Channel, placement: threads.Placement, directory: Directory, filed: Filed
) -> dict[threads.Thread, Conversation]:
    """The conversation row of every thread: fetched where it exists, made where it does not."""
    existing = {t.id: t for t in placement.threads if t.id is not None}
    found: dict[threads.Thread, Conversation] = {}
    for part in chunks(existing):
        for row in Conversation.objects.filter(pk__in=part):
            found[existing[row.pk]] = row
    for thread, row in found.items():
        complete(row, thread, channel, directory)
    new = [t for t in placement.threads if t not in found]
    made = [begin(account, channel, t, directory) for t in new]
    insert_many(Conversation, made)
    found.update(zip(new, made, strict=True))
    filed.conversations = len(made)
    filed.made = {c.pk: c for c in made}
    return found


def begin(account: Account, channel: base.Channel, thread: threads.Thread, directory: Directory) -> Conversation:
    first = thread.items[0]
    customer = customer_of(channel, thread.items, directory)
    at = first.sent_at or account.created_at
    over = any(i.extra.get("ticket_state") == "closed" for i in thread.items)  # it was brought to an end elsewhere
    ended = {"state": "closed", "handled_at": timezone.now(), "unread": False} if over else {}
    return make(
        Conversation,
        **ended,
        account_id=account.pk,
        kind=account.kind,
        brand_id=brand_of(account, channel, thread.items, directory),
        person_id=customer.person_id if customer else None,
        handle_id=customer.pk if customer else None,
        subject=next((i.subject for i in thread.items if i.subject), ""),
        first_at=at,
        last_at=at,
    )


def complete(row: Conversation, thread: threads.Thread, channel: base.Channel, directory: Directory) -> None:
    """Fill in what an existing conversation did not know yet."""
    changed: list[str] = []
    if row.handle_id is None and (customer := customer_of(channel, thread.items, directory)):
        row.handle, row.person_id = customer, customer.person_id
        changed += ["handle", "person"]
    if row.brand_id is None and (brand := brand_of(row.account, channel, thread.items, directory)):
        row.brand_id = brand
        changed.append("brand")
    if changed:
        row.save(update_fields=changed)


def customer_of(channel: base.Channel, items: Sequence[base.Incoming], directory: Directory) -> Handle | None:
    """The first customer to speak; where only we spoke, the one we wrote to."""
    for item in items:
        if not item.author.ours and item.kind != base.Kind.BOUNCE:
            return directory[address_of(channel, item.author)]
    for item in items:
        for to in item.to[:1]:
            if to.address and item.author.ours:
                return directory[address_of(channel, to)]
    return None


def brand_of(
    account: Account, channel: base.Channel, items: Sequence[base.Incoming], directory: Directory
) -> int | None:
    """The brand a conversation is about: said by the source, else the brand that answered, else the account's."""
    for item in items:
        if item.extra.get("brand"):
            return directory.brand(str(item.extra["brand"])[:120]).pk
    for item in items:
        if item.author.brand:
            return directory[address_of(channel, item.author)].brand_id
    return account.brand_id


def remember_refs(
    account: Account, placement: threads.Placement, conversations: dict[threads.Thread, Conversation]
) -> None:
    insert_many(
        ThreadRef,
        [ThreadRef(account=account, ref=ref, conversation=conversations[t]) for ref, t in placement.refs.items()],
        ignore_conflicts=True,
    )


def write_messages(
    account: Account,
    channel: base.Channel,
    placement: threads.Placement,
    conversations: dict[threads.Thread, Conversation],
    directory: Directory,
    now: datetime,
    delivery: Delivery | dict[str, Delivery] | None,
) -> list[Message]:
    pairs = [
        (item, describe(account, channel, item, conversations[thread], directory, now, delivery))
        for thread in placement.threads
        for item in thread.items
    ]
    rows = [row for _, row in pairs]
    insert_many(Message, rows)
    files = [attachments.describe(row, part, note_on(item, part)) for item, row in pairs for part in item.attachments]
    insert_many(Attachment, files)
    return rows


def note_on(item: base.Incoming, part: base.Attachment) -> str:
    """Why a file has no content, where the channel left it out."""
    left_out = not part.content and part.name in item.extra.get("too_large", ())
    return "Too large to be fetched. It is still where the message came from." if left_out else ""


def describe(
    account: Account,
    channel: base.Channel,
    item: base.Incoming,
    conversation: Conversation,
    directory: Directory,
    now: datetime,
    delivery: Delivery | dict[str, Delivery] | None,
) -> Message:
    internal = item.extra.get("internal") is True and item.author.ours  # a note out of another system's history
    inbound = not item.author.ours
    worth_reading = inbound and item.kind in READ
    raw = delivery.get(item.external_id) if isinstance(delivery, dict) else delivery
    return make(
        Message,
        account_id=account.pk,
        external_id=item.external_id,
        conversation_id=conversation.pk,
        direction=("note" if internal else "in" if inbound else "out"),
        kind="note" if internal else item.kind.value,
        channel=account.kind,
        handle_id=directory[address_of(channel, item.author)].pk,
        parent=item.parents[0] if item.parents else "",
        sent_at=item.sent_at or now,
        received_at=(item.sent_at or now) if account.demo else now,  # the demo's past came when it was sent
        subject=item.subject,
        text=item.text,
        html=item.html,
        quoted=item.quoted,
        url=item.url[:500],
        public=item.public,
        extra=dict(item.extra),
        delivery_id=raw.pk if raw else None,
        read_at=None if worth_reading else now,
        changed_at=now,
        edited_at=item.edited_at,
    )


def merge(gone: threads.Thread, kept: threads.Thread) -> None:
    """Two conversations turned out to be one: everything of `gone` moves, and its clocks are made anew."""
    assert gone.id is not None and kept.id is not None
    merge_conversations(gone.id, kept.id)


def merge_conversations(gone: int, kept: int) -> None:
    """Move all rows of conversation `gone` to `kept` and delete `gone`. Call inside a transaction."""
    with transaction.atomic():
        for model in (Message, ThreadRef, Event, Reply):
            model.objects.filter(conversation_id=gone).update(conversation_id=kept)
        writing = set(Draft.objects.filter(conversation_id=kept).values_list("user_id", flat=True))
        Draft.objects.filter(conversation_id=gone).exclude(user_id__in=writing).update(conversation_id=kept)
        Wait.objects.filter(conversation_id__in=(gone, kept)).delete()
        loser, winner = Conversation.objects.get(pk=gone), Conversation.objects.get(pk=kept)
        winner.tags.add(*Tag.objects.filter(conversations=loser))
        changed = [f for f in ("owner_id", "person_id", "handle_id", "brand_id") if not getattr(winner, f)]
        for name in changed:
            setattr(winner, name, getattr(loser, name))
        if changed:
            winner.save(update_fields=[name.removesuffix("_id") for name in changed])
        # Mail that was sent with the old tag must still find its way.
        ThreadRef.objects.get_or_create(
            account_id=loser.account_id, ref=threads.TAG + loser.key, defaults={"conversation": winner}
        )
        Event.objects.create(conversation=winner, deed="merged", what=str(loser)[:300])
        loser.delete()


def take_profiles(account: Account, channel: base.Channel, items: Sequence[base.Profile]) -> None:
    """Names and facts that were learnt without a message; several profiles of one person add up."""
    known: dict[str, base.Author] = {}
    for author in (tidy_author(i.author) for i in items):
        before = known.get(address_of(channel, author), author)
        facts = {**before.facts, **author.facts}
        known[address_of(channel, author)] = replace(author, name=before.name or author.name, facts=facts)
    if known:
        Directory(channel.handles or account.kind, demo=account.demo).meet(known.items())


def take_interactions(account: Account, channel: base.Channel, items: Sequence[base.Interaction], now: datetime) -> int:
    """Likes, reposts, follows: one row each, which may be taken back and given again. Returns how many there were."""
    if not items:
        return 0
    directory = Directory(channel.handles or account.kind, demo=account.demo)
    directory.meet((address_of(channel, i.author), i.author) for i in items)
    newest = {short(i.external_id): i for i in sorted(items, key=lambda i: i.at or now)}
    rows = [describe_interaction(account, directory[address_of(channel, i.author)], i, now) for i in newest.values()]
    Interaction.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    for row in rows:  # a late delivery changes nothing that is newer
        older = Interaction.objects.filter(account=account, external_id=row.external_id).exclude(at__gt=row.at)
        older.filter(gone_at__isnull=row.gone_at is not None).exclude(gone_at__gt=row.at).update(
            gone_at=row.gone_at, **({} if row.gone_at else {"at": row.at})
        )
    return len(items)


def describe_interaction(account: Account, handle: Handle, item: base.Interaction, now: datetime) -> Interaction:
    at = item.at or now
    return Interaction(
        account=account,
        external_id=short(item.external_id),
        handle=handle,
        kind=item.kind[:32],
        target=short(item.target),
        at=at,
        gone_at=at if item.gone else None,
    )
