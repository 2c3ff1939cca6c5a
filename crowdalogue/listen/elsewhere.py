"""A mail that answers what went out by another channel: the answer to a web form, or to a chat left as mail.

Such an answer comes back to a mailbox, which is an account of its own. It joins the conversation it answers only
where both are true: the name it goes by is ours (the Message-ID of an answer that was sent from here, or the tag in
the address it was sent to), and whoever wrote it is the person of that conversation or has a part in it. Anybody
else who learnt the name, by a forwarded mail for example, begins a conversation of their own.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crowdalogue.channels.base import Incoming, Kind
from crowdalogue.models import Account, Conversation, Handle, Message, Reply
from crowdalogue.models.bulk import chunks

TAG = "tag:"
NAMES = 50  # of one message that are looked at
LOOKED_AT = 2000  # messages of all those conversations that may name somebody who takes part


@dataclass
class Elsewhere:
    """Names of ours that belong to other accounts, and the conversations messages may join for them."""

    names: dict[str, int] = field(default_factory=dict)  # name: conversation
    joins: dict[str, int] = field(default_factory=dict)  # external id of a message: conversation


def find(account: Account, items: Sequence[Incoming], known: Container[str]) -> Elsewhere:
    """For mail (`items` of an account whose addresses are e-mail addresses) what no conversation of its own knows."""
    wanted = {item.external_id: names_of(item) for item in items if not item.author.ours}
    names = ours(account, {name for some in wanted.values() for name in some if name not in known})
    if not names:
        return Elsewhere()
    senders = {item.author.address.casefold() for item in items}
    taking_part = participants(set(names.values()), senders)
    found = Elsewhere(names)
    for item in items:
        nearest = next((names[n] for n in wanted.get(item.external_id, ()) if n in names), None)
        if nearest is None:
            continue
        # A report about our mail is written by a mail system, in nobody's name.
        if item.kind == Kind.BOUNCE or item.author.address.casefold() in taking_part.get(nearest, ()):
            found.joins[item.external_id] = nearest
    return found


def names_of(item: Incoming) -> list[str]:
    """Message-IDs it follows, nearest first, then tags of the addresses it was sent to."""
    parents = [name for name in item.parents[:NAMES] if "@" in name]
    return [*parents, *(name for name in item.threads[:NAMES] if name.startswith(TAG))]


def ours(account: Account, names: Iterable[str]) -> dict[str, int]:
    """Of these names the ones that were made here by another account, with their conversations."""
    tags = {name.removeprefix(TAG): name for name in names if name.startswith(TAG)}
    keys: dict[str, list[str]] = {}
    for name in names:
        if not name.startswith(TAG):
            keys.setdefault(name.partition("@")[0], []).append(name)
    found: dict[str, int] = {}
    for part in chunks(tags):
        rows = Conversation.objects.filter(key__in=part).exclude(account=account)
        found |= {tags[key]: pk for key, pk in rows.values_list("key", "pk")}
    for part in chunks(keys):
        sent = Reply.objects.filter(key__in=part).exclude(account=account)
        for key, external_id, provider_id, pk in sent.values_list(
            "key", "message__external_id", "provider_id", "conversation_id"
        ):
            found |= {name: pk for name in keys[key] if is_called(name, external_id, provider_id)}
    return found


def is_called(name: str, external_id: str, provider_id: str) -> bool:
    """Whether an answer is known by this Message-ID: its own name, else its server's; neither may be known yet."""
    for called in (external_id, provider_id):
        if "@" in called:
            return called == name
    return True


def participants(conversations: set[int], senders: set[str]) -> dict[int, set[str]]:
    """Of `senders` those who take part in each conversation: the person it is with, by any address of theirs,
    whoever wrote in it before, and whoever one of them copied in."""
    found: dict[int, set[str]] = {pk: set() for pk in conversations}
    for part in chunks(conversations):
        for pk, kind, address, facts in _handles(part):
            theirs = {str(facts.get("email") or "").casefold(), address if kind == "email" else ""}
            found[pk] |= theirs & senders
        said = Message.objects.filter(conversation__in=part, direction=Message.Direction.IN)
        wrote = said.filter(handle__kind="email", handle__address__in=senders).order_by()
        for pk, address in wrote.values_list("conversation_id", "handle__address").distinct()[:LOOKED_AT]:
            found[pk].add(address)
        named = said.filter(extra__has_any_keys=["answer_to", "cc"]).order_by("-id")
        for pk, extra in named.values_list("conversation_id", "extra")[:LOOKED_AT]:
            found[pk] |= _named(extra) & senders
    return found


def _handles(conversations: Sequence[int]) -> list[tuple[int, str, str, dict[str, Any]]]:
    """(conversation, kind, address, facts) of every handle of the person each conversation is with."""
    rows = Conversation.objects.filter(pk__in=conversations).values_list("pk", "person_id", "handle_id")
    persons: dict[int | None, list[int]] = {}
    handles: dict[int | None, list[int]] = {}
    for pk, person, handle in rows:
        persons.setdefault(person, []).append(pk)
        handles.setdefault(handle, []).append(pk)
    columns = ("kind", "address", "facts")
    found = [
        (handles, row) for row in Handle.objects.filter(pk__in=[pk for pk in handles if pk]).values_list("pk", *columns)
    ]
    of_persons = Handle.objects.filter(person__in=[pk for pk in persons if pk]).values_list("person_id", *columns)
    found += [(persons, row) for row in of_persons[:LOOKED_AT]]
    return [(pk, kind, address, facts) for whose, (key, kind, address, facts) in found for pk in whose[key]]


def _named(extra: dict[str, Any]) -> set[str]:
    """The addresses one message asks to be answered at, or that it was copied to."""
    copied = [one.get("address") for one in extra.get("cc") or [] if isinstance(one, dict)]
    return {one.casefold() for one in (extra.get("answer_to"), *copied) if isinstance(one, str)}
