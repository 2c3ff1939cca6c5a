"""In: whatever door it came by, a delivery is kept, understood and filed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from crowdalogue import live
from crowdalogue.act import promises, replies
from crowdalogue.channels import open_channel
from crowdalogue.channels.base import (
    Author,
    Channel,
    Ignored,
    Incoming,
    Interaction,
    Item,
    NotUnderstood,
    Profile,
    Raw,
    Removal,
    Response,
    Status,
    Unknown,
)
from crowdalogue.channels.rehearsal import rehearse
from crowdalogue.errors import Failure
from crowdalogue.listen import accounts, changes, filing, intake, polling, searching
from crowdalogue.listen.filing import Filed
from crowdalogue.listen.rush import Rush
from crowdalogue.models import (
    Account,
    Brand,
    Conversation,
    Delivery,
    Message,
    User,
)
from crowdalogue.models.bulk import chunks

log = logging.getLogger(__name__)
State = Delivery.State
ATTEMPTS = 4
FILED_AT_ONCE = 20  # deliveries in one transaction: others wait for the store no longer than that takes
_rush = Rush()  # at the doors of this process


def knock(account: Account, raw: Raw) -> tuple[Delivery | None, Response | None]:
    """A knock at the door of an account: (what was kept, what the provider wants to hear). Raises `Refused`.

    Nothing is kept of a question (a handshake), and our own JSON is the answer where the channel gives none.
    """
    channel = channel_of(account)
    if raw.method != "POST":
        return None, channel.greet(raw)
    channel.verify(raw, timezone.now())
    answer = channel.handshake(raw)
    if answer is not None:
        return None, answer
    with _rush.knock() as rushed:
        return take(account, raw, channel, left=rushed), channel.respond(raw)


def rush() -> Rush:
    """How busy the doors of this process are."""
    return _rush


def genuine(channel: Channel, raw: Raw) -> Raw | None:
    """A delivery that may be kept, under its key; None for a question (a handshake). Raises `Refused`."""
    channel.verify(raw, timezone.now())
    return None if channel.handshake(raw) is not None else replace(raw, key=channel.delivery_key(raw))


def receive(account: Account, raw: Raw, *, trusted: bool = False) -> Delivery:
    """Take one delivery. Raises `Refused`; after it returns, the delivery is durable and, if it could be, filed.

    The row's `repeated` is True where the very same delivery had been taken before.
    """
    channel = channel_of(account)
    if not trusted:
        channel.verify(raw, timezone.now())
    return take(account, raw, channel)


def take(account: Account, raw: Raw, channel: Channel, *, left: bool = False) -> Delivery:
    """Keep, then file; with `left` a worker files it within a second or so, and the next knock is not kept waiting."""
    delivery, repeated = intake.keep(account, replace(raw, key=channel.delivery_key(raw)), left=left)
    if not repeated and not left:
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
        return searching.overheard(delivery, list(channel.parse(intake.raw_of(delivery))))
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
    outcomes = {d: outcome(items) for d, items in parsed}
    clear = [d.pk for d, (state, reason) in outcomes.items() if state == State.FILED and not reason]

    def mark_filed(filed: Filed) -> None:
        Delivery.objects.filter(pk__in=clear).update(state=State.FILED, reason="", claimed_at=None)
        for delivery, (state, reason) in outcomes.items():
            if delivery.pk not in clear:
                intake.mark(delivery, state, reason)

    filed = file(account, everything, delivery=by_id, before_commit=mark_filed)
    for delivery, (state, reason) in outcomes.items():
        delivery.state, delivery.reason = state, reason
        if delivery.state == State.FAILED:
            live.announce("delivery", delivery.pk)
    return filed


def outcome(items: Sequence[Item]) -> tuple[State, str]:
    """What becomes of a delivery: whole, or with the parts that were not understood named, or empty with the reason."""
    unknown = [i.what for i in items if isinstance(i, Unknown)]
    if unknown:
        rest = f" The other {len(items) - len(unknown)} were filed." if len(items) > len(unknown) else ""
        return State.FAILED, f"Not understood: {'; '.join(dict.fromkeys(unknown))}."[:1900] + rest
    ignored = [i.why for i in items if isinstance(i, Ignored)]
    if len(ignored) == len(items):
        return State.FILED, f"Nothing to file: {'; '.join(dict.fromkeys(ignored)) or 'it was empty'}."[:1900]
    return State.FILED, ""


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
    # A batch is undone as a whole by its caller. On SQLite a savepoint around it makes every further statement walk
    # through all it would have to undo, which costs more than writing the rows.
    inner = not bulk or connection.vendor == "postgresql"
    with transaction.atomic(savepoint=inner):
        # One filer an account at a time: a reply and its parent filed side by side would not see each other. On
        # SQLite the transaction has everything to itself.
        if connection.features.has_select_for_update:
            Account.objects.select_for_update(no_key=True).filter(pk=account.pk).values_list("pk").first()
        filed = filing.file(account, channel, incoming, now=now, delivery=delivery)
        if filed.repeated and channel.searches:
            filed.touched |= searching.addressed(account, incoming, now)
        removals = [i for i in items if isinstance(i, Removal)]
        removed = changes.remove(account, removals, now)
        filed.touched |= removed
        promises.follow(filed.touched, fresh=said_in_new(filed, but=removed))
        filing.take_profiles(account, channel, [i for i in items if isinstance(i, Profile)])
        interactions = [i for i in items if isinstance(i, Interaction)]
        filed.interactions = filing.take_interactions(account, channel, interactions, now)
        for status in (i for i in items if isinstance(i, Status)):
            replies.take_receipt(
                account.pk, filing.short(status.target), status.state, status.reason, status.at, name=status.name
            )
        if before_commit is not None:
            before_commit(filed)
        if not bulk:
            live.announce("conversation", *sorted(filed.touched))
    return filed


def said_in_new(filed: Filed, but: set[int]) -> dict[int, tuple[Conversation, list[Message]]]:
    """The conversations that are new, each with its messages; not those that were changed since (`but`)."""
    found: dict[int, tuple[Conversation, list[Message]]] = {
        pk: (row, []) for pk, row in filed.made.items() if pk not in but
    }
    for message in filed.messages:
        if message.conversation_id in found:
            found[message.conversation_id][1].append(message)
    return found


def add(total: Filed, more: Filed) -> None:
    total.messages += more.messages
    total.repeated += more.repeated
    total.conversations += more.conversations
    total.persons += more.persons
    total.brand_accounts += more.brand_accounts
    total.interactions += more.interactions
    total.touched |= more.touched
    total.made |= more.made


def replay(delivery: Delivery) -> Delivery:
    """Understand a kept delivery again, after a fix. What was filed before is found again and stays one row."""
    Delivery.objects.filter(pk=delivery.pk).update(state=State.KEPT, claimed_at=timezone.now())
    understand([delivery], delivery.account, channel_of(delivery.account))
    delivery.refresh_from_db()
    return delivery


def pick_up(limit: int = 3 * FILED_AT_ONCE) -> int:
    """File what was kept only: left to a worker in a rush, or by a door that died. Returns how many were taken up.

    Together at first; what an earlier attempt stopped at is taken one by one, so that it stops nothing else again.
    """
    left = intake.claim_left(timezone.now(), limit)
    together: dict[int, list[Delivery]] = {}
    for delivery in left:
        if delivery.attempts <= 1:
            together.setdefault(delivery.account_id, []).append(delivery)
        elif delivery.attempts > intake.ATTEMPTS:
            intake.mark(delivery, State.FAILED, "Filing stopped three times at this delivery. Replay it after a fix.")
        else:
            understand([delivery], delivery.account, channel_of(delivery.account))
    for deliveries in together.values():
        account = deliveries[0].account
        for part in chunks(deliveries, FILED_AT_ONCE):
            understand(part, account, channel_of(account))
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


def try_out(account: Account) -> Delivery | None:
    """Send the account a test as its provider would, through verification to filing; raises `Failure`.

    None where nothing knocks at this channel: then its settings were tried against the provider.
    """
    channel = channel_of(account)
    now = timezone.now()
    raw = channel.sample(now, number=now.microsecond + 1)
    if raw is None:
        channel.check()
        return None
    return receive(account, raw)


def connect(
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    *,
    brand: Brand | None = None,
    user: User | None = None,
    check: bool = True,
    key: str = "",
) -> Account:
    """Make an account of a channel. With `check`, its settings are tried first; raises `Failure` with the remedy.

    `key` is the end of its hook's address, where it was shown to somebody before.
    """
    settings = open_channel(kind).prepare(settings)
    channel = open_channel(kind, settings)
    if check:
        channel.check()
    return accounts.make(kind, name, channel, settings, brand=brand, user=user, key=key)


def channel_of(account: Account) -> Channel:
    channel = open_channel(account.kind, account.all_settings)
    return rehearse(channel) if account.demo else channel
