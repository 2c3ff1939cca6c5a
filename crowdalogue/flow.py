"""The way of a message, from a knock at the door to a reply: the only file that knows the order.

    receive   verify, keep the raw delivery (durable), then parse and file
    process   claim what is not yet read, read it, decide
    answer    an agent's words become a queued reply
    deliver   claim, send, keep what the provider said

Everything is at-least-once and safe to repeat; whatever makes it safe is a unique constraint.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from crowdalogue import live
from crowdalogue.act import decisions, handling, promises, replies
from crowdalogue.analyze import findings
from crowdalogue.channels import open_channel
from crowdalogue.channels.base import (
    Attachment,
    Author,
    Channel,
    Incoming,
    Interaction,
    Item,
    NotUnderstood,
    Raw,
    Status,
)
from crowdalogue.channels.rehearsal import rehearse
from crowdalogue.errors import Failure, SendError
from crowdalogue.listen import accounts, attachments, filing, intake, polling
from crowdalogue.listen.filing import Filed
from crowdalogue.models import Account, Brand, Conversation, Correction, Delivery, Event, Message, Reading, Reply, User

log = logging.getLogger(__name__)
State = Delivery.State
ATTEMPTS = 4
WRITTEN_AT_ONCE = 64  # readings in one transaction: others wait for the store no longer than that takes


# --- In: whatever door it came by


def receive(account: Account, raw: Raw, *, trusted: bool = False) -> Delivery:
    """Take one delivery. Raises `Refused`; after it returns, the delivery is durable and, if it could be, filed.

    The row's `repeated` is True where the very same delivery had been taken before.
    """
    channel = channel_of(account)
    if not trusted:
        channel.verify(raw, timezone.now())
    delivery, repeated = intake.keep(account, replace(raw, key=channel.delivery_key(raw)))
    if not repeated:
        understand([delivery], account, channel)
    delivery.repeated = repeated  # type: ignore[attr-defined]
    return delivery


def understand(deliveries: Sequence[Delivery], account: Account, channel: Channel) -> Filed:
    """Parse and file kept deliveries, together if they let us, else one by one so that one never stops the next."""
    parsed = [(d, items) for d in deliveries if (items := parse(d, channel)) is not None]
    total = Filed()
    try:
        if parsed:
            total = file_parsed(parsed, account, channel)
    except (OperationalError, InterfaceError):
        raise  # the store is away: what was kept is filed later by `pick_up`
    except (Failure, DatabaseError, ValueError, KeyError) as error:
        if len(parsed) == 1:
            note_failed(parsed[0][0], error)
        else:
            for delivery, _ in parsed:
                add(total, understand([delivery], account, channel))
    return total


def parse(delivery: Delivery, channel: Channel) -> list[Item] | None:
    try:
        return list(channel.parse(intake.raw_of(delivery)))
    except NotUnderstood as failure:
        intake.mark(delivery, State.FAILED, failure.text)
    except Exception as error:
        # A reader that breaks must not lose the delivery, nor stop the next one; the text of the error may quote
        # the message, so the log gets its kind and place only.
        log.exception("delivery %s broke the reader of %s", delivery.pk, channel.kind)
        intake.mark(delivery, State.FAILED, f"The reader of {channel.label} broke ({type(error).__name__}).")
    live.announce("delivery", delivery.pk)
    return None


def file_parsed(parsed: Sequence[tuple[Delivery, list[Item]]], account: Account, channel: Channel) -> Filed:
    by_id = {i.external_id: d for d, items in parsed for i in items if isinstance(i, Incoming)}
    everything = [item for _, items in parsed for item in items]
    ids = [d.pk for d, _ in parsed]

    def mark_filed(filed: Filed) -> None:
        Delivery.objects.filter(pk__in=ids).update(state=State.FILED, reason="", claimed_at=None)

    filed = file(account, everything, delivery=by_id, before_commit=mark_filed)
    for delivery, _ in parsed:
        delivery.state, delivery.reason = State.FILED, ""
    return filed


def note_failed(delivery: Delivery, error: Exception) -> None:
    text = error.text if isinstance(error, Failure) else f"It could not be filed ({type(error).__name__})."
    log.warning("delivery %s not filed: %s", delivery.pk, type(error).__name__)
    intake.mark(delivery, State.FAILED, text)
    live.announce("delivery", delivery.pk)


def file(
    account: Account,
    items: Sequence[Item],
    *,
    delivery: Delivery | dict[str, Delivery] | None = None,
    bulk: bool = False,
    before_commit: Callable[[Filed], None] | None = None,
) -> Filed:
    """File what was understood, in one transaction: messages, their clocks, and whatever `before_commit` adds.

    `bulk` (imports, demo) leaves out the announcement of each conversation. When another worker files the same
    thing at this moment, a unique constraint stops one of us, who then looks again and finds a repeat.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return file_once(account, items, delivery, bulk, before_commit)
        except (IntegrityError, OperationalError) as error:
            if isinstance(error, OperationalError) and not lost_a_race(error):
                raise
            time.sleep(0.02 * attempt)
    return file_once(account, items, delivery, bulk, before_commit)


def lost_a_race(error: OperationalError) -> bool:
    """PostgreSQL ended one of two transactions that waited for each other, or could not be put in order."""
    return getattr(error.__cause__, "sqlstate", "") in ("40P01", "40001")


def file_once(
    account: Account,
    items: Sequence[Item],
    delivery: Delivery | dict[str, Delivery] | None,
    bulk: bool,
    before_commit: Callable[[Filed], None] | None,
) -> Filed:
    channel = channel_of(account)
    now = timezone.now()
    incoming = [i for i in items if isinstance(i, Incoming)]
    with transaction.atomic():
        # One filer an account at a time: a reply and its parent filed side by side would not see each other.
        Account.objects.select_for_update(no_key=True).filter(pk=account.pk).values_list("pk").first()
        filed = filing.file(account, channel, incoming, now=now, delivery=delivery)
        fresh: dict[int, list[Message]] = {pk: [] for pk in filed.fresh}
        for message in filed.messages:
            if message.conversation_id in fresh:
                fresh[message.conversation_id].append(message)
        promises.follow(filed.touched, fresh=fresh)
        interactions = [i for i in items if isinstance(i, Interaction)]
        filed.interactions = filing.take_interactions(account, channel, interactions, now)
        for status in (i for i in items if isinstance(i, Status)):
            replies.take_receipt(account.pk, filing.short(status.target), status.state, status.reason)
        if before_commit is not None:
            before_commit(filed)
        if not bulk:
            live.announce("conversation", *sorted(filed.touched))
    return filed


def add(total: Filed, more: Filed) -> None:
    total.messages += more.messages
    total.repeated += more.repeated
    total.conversations += more.conversations
    total.persons += more.persons
    total.brand_accounts += more.brand_accounts
    total.interactions += more.interactions
    total.touched |= more.touched
    total.fresh |= more.fresh


def replay(delivery: Delivery) -> Delivery:
    """Understand a kept delivery again, after a fix. What was filed before is found again and stays one row."""
    Delivery.objects.filter(pk=delivery.pk).update(state=State.KEPT, claimed_at=timezone.now())
    understand([delivery], delivery.account, channel_of(delivery.account))
    delivery.refresh_from_db()
    return delivery


def pick_up(limit: int = 50) -> int:
    """Deliveries whose door died between keeping and filing. Returns how many were taken up."""
    left = intake.claim_left(timezone.now(), limit)
    for delivery in left:
        if delivery.attempts > intake.ATTEMPTS:
            intake.mark(delivery, State.FAILED, "Filing stopped three times at this delivery. Replay it after a fix.")
        else:
            understand([delivery], delivery.account, channel_of(delivery.account))
    return len(left)


def poll(account: Account, channel: Channel | None = None, *, limit: int = 200) -> tuple[int, bool]:
    """Ask a channel once. Returns (new deliveries, whether to ask again at once). Raises `Failure`."""
    channel = channel or channel_of(account)
    fetched = polling.fetch(account, channel, limit)
    rows = polling.keep(account, fetched, timezone.now())
    understand(rows, account, channel)
    if rows:
        live.announce("account", account.pk)
    return len(rows), fetched.more


def enter(
    user: User,
    *,
    kind: str,
    text: str,
    name: str = "",
    address: str = "",
    phone: str = "",
    direction: str = "in",
    subject: str = "",
    sent_at: datetime | None = None,
    brand: Brand | None = None,
    conversation: Conversation | None = None,
    key: str = "",
) -> Message:
    """Keep what somebody typed by hand: a phone call, a store visit. The same key again is the same entry."""
    account = conversation.account if conversation else accounts.by_hand(kind)
    external_id = f"hand:{key or accounts.make_key()}"
    who = phone or address or name
    author = Author("us", str(user), ours=True) if direction == "out" else Author(who or f"unknown:{external_id}", name)
    item = Incoming(
        external_id=external_id,
        author=author,
        text=text,
        sent_at=sent_at or timezone.now(),
        subject=subject,
        to=(Author(who, name),) if direction == "out" and who else (),
        threads=("tag:" + conversation.key,) if conversation else (),
        extra={"by_hand": True, **({"brand": brand.name} if brand else {})},
    )
    file(account, [item], before_commit=lambda filed: sign(filed, user))
    return Message.objects.get(account=account, external_id=filing.short(external_id))


def sign(filed: Filed, user: User) -> None:
    Message.objects.filter(pk__in=[m.pk for m in filed.messages]).update(user=user)


def connect(
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    *,
    brand: Brand | None = None,
    user: User | None = None,
    check: bool = True,
) -> Account:
    """Make an account of a channel. With `check`, its settings are tried first; raises `Failure` with the remedy."""
    settings = open_channel(kind).prepare(settings)
    channel = open_channel(kind, settings)
    if check:
        channel.check()
    return accounts.make(kind, name, channel, settings, brand=brand, user=user)


def channel_of(account: Account) -> Channel:
    channel = open_channel(account.kind, account.all_settings)
    return rehearse(channel) if account.demo else channel


# --- What it means, and what follows


def process(limit: int = 256, *, embed: bool = True) -> int:
    """Read a batch of messages nobody has read, and decide. Returns how many were claimed."""
    messages = findings.claim(limit, timezone.now())
    if not messages:
        return 0
    documents = findings.read(messages, embed=embed)
    for start in range(0, len(messages), WRITTEN_AT_ONCE):
        part = slice(start, start + WRITTEN_AT_ONCE)
        with transaction.atomic():
            readings = findings.write(messages[part], documents[part], timezone.now())
            touched = decisions.carry_out(readings)
            live.announce("conversation", *sorted(touched))
    return len(messages)


def correct(user: User, message: Message, step: str, label: str) -> Correction:
    """A person says what a message means: it counts at once, and the steps learn from it."""
    with transaction.atomic():
        reading, _ = Reading.objects.get_or_create(message=message, defaults={"version": "person"})
        was = findings.correct(reading, step, label)
        correction, _ = Correction.objects.update_or_create(
            message=message, step=step, defaults={"label": label, "was": was, "user": user, "at": timezone.now()}
        )
        Message.objects.filter(pk=message.pk).update(changed_at=timezone.now(), read_at=timezone.now())
        decisions.carry_out([reading])
        Event.objects.create(
            conversation_id=message.conversation_id, user=user, deed="corrected", what=f"{step}: {was} → {label}"
        )
        live.announce("conversation", message.conversation_id)
    return correction


# --- Out


def answer(
    user: User,
    conversation: Conversation,
    text: str,
    *,
    key: str,
    files: Sequence[Attachment] = (),
    then: str = "",
    delay: float = 0,
) -> Reply:
    """Queue an answer. The same key again is the same reply; raises `Failure` where the channel cannot be answered."""
    if not text.strip():
        raise Failure("There is no text to send. Write an answer first.")
    channel = channel_of(conversation.account)
    if not channel.replies:
        raise Failure(f"{channel.label} cannot be answered from here. Add a note, or write by another channel.")
    key = clean_key(key)
    with transaction.atomic():
        reply, repeated = replies.write(
            user, conversation, text, key=key, external_id=channel.identify(key), delay=delay
        )
        if repeated:
            return reply
        for part in files:
            attachments.describe(reply.message, part).save()
        if then == "close":
            handling.close(user, [conversation])
    return reply


def clean_key(key: str) -> str:
    """Keys become part of a Message-ID: letters, digits and dashes, at most 64."""
    kept = "".join(c if c.isalnum() and c.isascii() else "-" for c in key)[:64]
    if len(kept) < 8:
        raise Failure("The idempotency key must have at least 8 letters or digits.")
    return kept


def note(user: User, conversation: Conversation, text: str, *, key: str) -> Message:
    if not text.strip():
        raise Failure("The note is empty. Write it first.")
    return replies.note(user, conversation, text, key=key[:200])


def recall(user: User, reply: Reply) -> bool:
    return replies.recall(user, reply)


def resend(user: User, reply: Reply) -> Reply:
    return replies.send_again(user, reply)


def deliver(limit: int = 20) -> int:
    """Send what is queued and due, at most `limit`. Returns how many were claimed.

    One at a time: a claim says that sending has begun, so a worker that dies leaves one reply in doubt, not a batch.
    """
    done = 0
    while done < limit and (claimed := replies.claim(1, timezone.now())):
        send(claimed[0])
        done += 1
    return done


def send(reply: Reply) -> None:
    started = time.monotonic()
    try:
        channel = channel_of(reply.account)
        files = [attachments.load(row) for row in reply.message.attachments.all()[:50]]
        sent = channel.send(replies.outgoing(reply, replies.parents_of(reply), files))
    except Failure as failure:
        log.warning("reply %s not sent: %s", reply.pk, type(failure).__name__)
        replies.mark_problem(reply, failure)
    except Exception:
        # Nobody knows how far it came, so nobody may send it again but a person.
        log.exception("reply %s broke the sender of %s", reply.pk, reply.account.kind)
        replies.mark_problem(reply, SendError("Sending broke off for a reason of ours; see the log.", uncertain=True))
    else:
        replies.mark_sent(reply, sent)
        log.info("reply %s sent in %.1f s", reply.pk, time.monotonic() - started)
