"""Accounts: connected channels, and the ones we keep for entries by hand and imports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crowdalogue.channels.base import Channel
from crowdalogue.models import Account, Audit, Brand, User
from crowdalogue.models.listen import make_key

__all__ = ["by_hand", "change", "make", "make_key"]

NAMES = {"phone": "Phone calls", "store": "Store visits"}


def split(channel: Channel, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plain settings and secrets, by the channel's own fields; what it does not know is left out."""
    known = {f.name: f.kind for f in channel.fields}
    plain = {k: v for k, v in settings.items() if k in known and known[k] != "secret"}
    hidden = {k: v for k, v in settings.items() if known.get(k) == "secret"}
    return plain, hidden


def make(
    kind: str,
    name: str,
    channel: Channel,
    settings: Mapping[str, Any],
    *,
    brand: Brand | None = None,
    user: User | None = None,
    key: str = "",
) -> Account:
    plain, hidden = split(channel, settings)
    account = Account.objects.create(
        kind=kind, name=name[:200], brand=brand, settings=plain, secrets=hidden, key=key or make_key()
    )
    record(user, account, "connected")
    return account


def change(account: Account, channel: Channel, settings: Mapping[str, Any], *, user: User | None = None) -> None:
    """New settings for an account. A secret left empty stays as it was."""
    plain, hidden = split(channel, settings)
    account.settings = plain
    account.secrets = {**account.secrets, **{k: v for k, v in hidden.items() if v}}
    account.state, account.last_error, account.retry_at, account.failures = Account.State.ACTIVE, "", None, 0
    account.save()
    record(user, account, "changed_settings")


def record(user: User | None, account: Account, deed: str) -> None:
    Audit.objects.create(user=user, who=str(user or ""), deed=deed, what=f"{account.kind}: {account.name}"[:300])


def by_hand(kind: str) -> Account:
    """The one account of a kind that people type entries into."""
    account, _ = Account.objects.get_or_create(
        key=f"by-hand-{kind}"[:32], defaults={"kind": kind, "name": NAMES.get(kind, kind.capitalize())}
    )
    return account
