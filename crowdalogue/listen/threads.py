"""Which conversation a message belongs to, whatever order messages arrive in.

A conversation is known by the ids of its messages and by `ThreadRef` rows: chat ids, address tags, and ids
of messages that were replied to but have not arrived. A message joins the conversation of its nearest known
parent; if another conversation had been waiting for this very message, the two become one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crowdalogue.channels.base import Incoming
from crowdalogue.listen import elsewhere
from crowdalogue.models import Account, Conversation, Message, ThreadRef
from crowdalogue.models.bulk import chunks, pick

TAG = "tag:"
REMEMBERED_PARENTS = 5  # unknown parents that are waited for, nearest first


@dataclass(eq=False)
class Thread:
    """A conversation in the making, or one that exists (`id`). `into` points to the one it was joined with."""

    id: int | None = None
    into: Thread | None = None
    items: list[Incoming] = field(default_factory=list)

    def root(self) -> Thread:
        thread = self
        while thread.into is not None:
            thread = thread.into
        return thread


@dataclass
class Placement:
    """Where every message of a batch belongs, and what must be remembered for those still to come."""

    threads: list[Thread]  # roots, each with its items
    refs: dict[str, Thread]  # new ThreadRef rows
    merges: list[tuple[Thread, Thread]]  # existing conversations that turned out to be one: (gone, kept)


def place(account: Account, items: Sequence[Incoming], *, mail: bool = False) -> Placement:
    """Decide for `items`, in the order they were sent. Reads rows, changes none.

    `mail`: their authors are e-mail addresses, so that they may answer what another account sent by e-mail.
    """
    known = look_up(account, items)
    other = elsewhere.find(account, items, known) if mail else elsewhere.Elsewhere()
    numbered = {thread.id: thread for thread in known.values()}
    theirs = {pk: numbered.get(pk) or Thread(pk) for pk in set(other.joins.values())}
    arriving = {item.external_id for item in items}
    refs: dict[str, Thread] = {}
    merges: list[tuple[Thread, Thread]] = []
    threads: list[Thread] = []
    for item in items:
        awaited = known.get(item.external_id)
        target = next((known[ref] for ref in (*item.parents, *item.threads) if ref in known), None)
        if target is None and item.external_id in other.joins:
            target = theirs[other.joins[item.external_id]]
        thread = (target or awaited or Thread()).root()
        if awaited is not None and awaited.root() is not thread:
            thread = join(awaited.root(), thread, merges)
        thread.items.append(item)
        threads.append(thread)
        known[item.external_id] = thread
        # What another account is called by is nobody's to wait for: the next who names it is looked at again.
        unknown = [p for p in item.parents if p not in known and p not in other.names][:REMEMBERED_PARENTS]
        for ref in (*unknown, *(t for t in item.threads if t not in known and t not in other.names)):
            known[ref] = thread
            if ref not in arriving and not ref.startswith(TAG):
                refs[ref] = thread
    roots = list(dict.fromkeys(t.root() for t in threads))
    return Placement(roots, {ref: t.root() for ref, t in refs.items()}, [(a, b.root()) for a, b in merges])


def join(one: Thread, other: Thread, merges: list[tuple[Thread, Thread]]) -> Thread:
    """Make two threads one. Of two that exist the older stays; a new one always goes into an existing one."""
    if other.id is None or (one.id is not None and one.id < other.id):
        one, other = other, one
    other.items.extend(one.items)
    one.items = []
    one.into = other
    if one.id is not None:
        merges.append((one, other))
    return other


def look_up(account: Account, items: Sequence[Incoming]) -> dict[str, Thread]:
    """Every name the batch mentions that is already known, with its thread."""
    names = {item.external_id for item in items}
    parents = {p for item in items for p in item.parents}
    others = {t for item in items for t in item.threads}
    threads: dict[int, Thread] = {}
    known: dict[str, Thread] = {}

    def note(rows: Iterable[tuple[Any, ...]]) -> None:
        for ref, conversation in rows:
            known[ref] = threads.setdefault(conversation, Thread(conversation))

    for part in chunks(names | parents | others):
        note(pick(ThreadRef, ("ref", "conversation"), account=account.pk, ref=part))
    for part in chunks(parents):
        note(pick(Message, ("external_id", "conversation"), account=account.pk, external_id=part))
    tags = [t.removeprefix(TAG) for t in others if t.startswith(TAG)]
    for part in chunks(tags):
        rows = pick(Conversation, ("key", "id"), account=account.pk, key=part)
        note((TAG + key, conversation) for key, conversation in rows)
    return known
