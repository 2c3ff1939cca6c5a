"""Watches ask the channels that can be searched: who is asked next, at what pace, and what a search brought.

Each watch has a cursor for each account that can be searched. What a search brings is kept like every delivery,
under a key that names the watch; so whenever it is understood (now, after a crash, at a replay) what was overheard
is filed about the watch's brand, and only where it meets the query. What the channel says was said to us is filed
whatever the watch wants.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from crowdalogue.channels import channel_kinds
from crowdalogue.channels.base import Channel, Fetched, Ignored, Incoming, Item, Kind, Raw
from crowdalogue.errors import Failure
from crowdalogue.listen import filing, intake, watches
from crowdalogue.listen.past import number, word
from crowdalogue.models import Account, Delivery, Message, Watch, WatchSearch
from crowdalogue.models.bulk import chunks
from crowdalogue.text import watching
from crowdalogue.text.matching import Heard, Matcher

FOUND = "search:"  # how the keys of deliveries begin that a search brought
LEASE = timedelta(minutes=2)  # a search whose worker died is asked again after that
TERMS = 20  # words in one search: some channels make a call of each
PACE = timedelta(seconds=3)  # between two searches of one account
AGAIN = timedelta(seconds=5)  # where there is more
QUIET = timedelta(minutes=2)  # where there was nothing more, growing while nothing new comes
QUIETEST = timedelta(minutes=15)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)


def kinds() -> list[str]:
    """Kinds of channels that can be searched."""
    return [kind for kind, channel in channel_kinds().items() if channel.searches]


def accounts() -> list[Account]:
    """Connected accounts that can be searched. The demo company's are not asked: they reach nobody."""
    return list(Account.objects.filter(kind__in=kinds(), state=Account.State.ACTIVE, demo=False).order_by("pk")[:100])


def plan(now: datetime) -> None:
    """A cursor for every active watch and every account it asks."""
    asked = accounts()
    if not asked:
        return
    known = set(WatchSearch.objects.values_list("watch_id", "account_id"))
    missing = [
        WatchSearch(watch=watch, account=account, not_before=now)
        for watch in Watch.objects.filter(active=True).order_by("pk")[: watches.MOST]
        for account in asked
        if (watch.pk, account.pk) not in known and concerns(watch, account)
    ]
    WatchSearch.objects.bulk_create(missing, batch_size=500, ignore_conflicts=True)


def concerns(watch: Watch, account: Account) -> bool:
    kinds = watches.of(watch).kinds
    return not kinds or account.kind in kinds


def claim(now: datetime) -> WatchSearch | None:
    """The search that is due longest, for this worker alone; others of its account wait a little."""
    due = WatchSearch.objects.filter(
        not_before__lte=now,
        watch__active=True,
        account__state=Account.State.ACTIVE,
        account__demo=False,
        account__kind__in=kinds(),
    )
    for pk, account in due.order_by("not_before", "pk").values_list("pk", "account")[:20]:
        with transaction.atomic():
            # In order of their numbers everywhere, so that two workers do not wait for each other.
            rows = WatchSearch.objects.select_for_update().filter(account=account, not_before__lt=now + PACE)
            if pk not in set(rows.filter(not_before__lte=now).order_by("pk").values_list("pk", flat=True)):
                continue
            rows.update(not_before=now + PACE)
            WatchSearch.objects.filter(pk=pk).update(not_before=now + LEASE)
            search = WatchSearch.objects.select_related("watch", "account").get(pk=pk)
        if concerns(search.watch, search.account):
            return search
        WatchSearch.objects.filter(pk=pk).delete()  # the watch no longer asks channels of this kind
    return None


def ask(search: WatchSearch, channel: Channel, limit: int) -> Fetched:
    """Search once, for some of the words where there are many. A failure is kept on the search with its remedy and
    raised again."""
    terms = watching.terms(watches.of(search.watch))
    parts = [terms[n : n + TERMS] for n in range(0, len(terms), TERMS)]
    try:
        if len(parts) == 1:
            return channel.search(terms, search.cursor, limit)
        cursors = dict(search.cursor.get("parts") or {})
        turn = int(search.cursor.get("turn") or 0) % len(parts)
        fetched = channel.search(parts[turn], cursors.get(str(turn)) or {}, limit)
    except Failure as failure:
        note_failure(search, failure, timezone.now())
        raise
    cursors[str(turn)] = dict(fetched.cursor)
    following = turn if fetched.more else turn + 1
    return replace(fetched, cursor={"parts": cursors, "turn": following % len(parts)}, more=following < len(parts))


def keep(search: WatchSearch, fetched: Fetched, now: datetime) -> Sequence[Delivery]:
    """Keep what was found and the cursor that covers it in one transaction."""
    raws = [replace(raw, key=key_of(search.watch_id, raw)) for raw in fetched.deliveries]
    with transaction.atomic():
        rows = intake.keep_many(search.account, raws, now)
        if fetched.more:
            pause = AGAIN
        elif rows:
            pause = QUIET
        else:
            last = search.last_success_at
            pause = min(max(QUIET, (now - last) * 2), QUIETEST) if last else QUIET
        # The cursor of a query that was changed meanwhile is not that of the new one.
        same = WatchSearch.objects.filter(pk=search.pk, watch__changed_at=search.watch.changed_at)
        same.update(cursor=dict(fetched.cursor), last_success_at=now, last_error="", failures=0, not_before=now + pause)
    return rows


def note_failure(search: WatchSearch, failure: Failure, now: datetime) -> None:
    """Keep the cause with its remedy, and wait: as long as the other side asks, else longer every time. A limit is
    the account's, so its other searches wait too."""
    pause = min(FIRST_RETRY * 2 ** min(search.failures, 10), LONGEST_RETRY)
    asked = getattr(failure, "retry_after", None)
    if isinstance(asked, int | float) and asked > 0:
        pause = min(max(pause, timedelta(seconds=asked)), timedelta(days=1))
    with transaction.atomic():
        WatchSearch.objects.filter(pk=search.pk).update(
            last_error=failure.text[:2000], failures=F("failures") + 1, not_before=now + pause
        )
        if asked:
            waiting = WatchSearch.objects.filter(account=search.account_id, not_before__lt=now + pause)
            waiting.exclude(pk=search.pk).update(not_before=now + pause)


def key_of(watch: int, raw: Raw) -> str:
    """Its own key for what a search brought: the same bytes by the account's own door are another delivery, so that
    whoever speaks to us is answered, whichever comes first."""
    name = f"{FOUND}{watch}:{intake.key_of(raw)}"
    return name if len(name) <= 80 else f"{FOUND}{watch}:{hashlib.sha256(name.encode()).hexdigest()}"[:80]


# --- understanding what was found


def overheard(delivery: Delivery, items: Sequence[Item]) -> list[Item]:
    """The items of a delivery; of one that a search brought, what was overheard and meets its query, and what was
    said to us."""
    if not delivery.key.startswith(FOUND):
        return list(items)
    number_of_watch = delivery.key.removeprefix(FOUND).partition(":")[0]
    watch = Watch.objects.filter(pk=int(number_of_watch) if number_of_watch.isdecimal() else 0).first()
    if watch is None:
        return [Ignored("the watch that searched for it was removed")]
    # The language is known when it was read; then the whole query decides whether it is a hit.
    matcher = Matcher({0: replace(watches.of(watch), languages=())})
    brand = watch.brand.name if watch.brand else ""
    return [_overheard(item, delivery.account.kind, matcher, brand) for item in items]


def _overheard(item: Item, kind: str, matcher: Matcher, brand: str) -> Item:
    if not isinstance(item, Incoming):
        return item
    if item.kind == Kind.MESSAGE and not item.author.ours:
        return item
    if not matcher.match(heard(item, kind)):
        return Ignored("a message that the search brought and the watch does not want")
    return replace(item, extra={**item.extra, "brand": brand}) if brand and not item.extra.get("brand") else item


def heard(item: Incoming, kind: str) -> Heard:
    """As a watch sees a message that is not filed yet."""
    facts = item.author.facts
    return Heard(
        text=f"{item.subject}\n{item.text}" if item.subject else item.text,
        place=" ".join(filter(None, (word(item.extra.get("place")), word(facts.get("place"))))),
        reach=number(facts.get("followers")),
        kind=kind,
        ours=item.author.ours or bool(item.author.brand),
    )


def addressed(account: Account, items: Sequence[Incoming], now: datetime) -> set[int]:
    """Messages that were overheard first and now come by the account's own door, as said to us: from now on
    somebody waits. Returns the conversations concerned. Call inside the transaction of filing."""
    said = [filing.short(i.external_id) for i in items if i.kind == Kind.MESSAGE and not i.author.ours]
    touched: set[int] = set()
    for part in chunks(said):
        rows = Message.objects.filter(
            account=account, external_id__in=part, kind=Kind.OVERHEARD, direction=Message.Direction.IN
        )
        found = dict(rows.values_list("pk", "conversation_id"))
        Message.objects.filter(pk__in=found).update(
            kind=Kind.MESSAGE, read_at=None, claimed_at=None, read_attempts=0, changed_at=now
        )
        touched |= set(found.values())
    return touched
