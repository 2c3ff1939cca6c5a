"""Accounts: connected channels. Passwords go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from crowdalogue import flow
from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Id, Page, Paging, Word, answers
from crowdalogue.channels import channel_kinds, label_of
from crowdalogue.errors import Refused
from crowdalogue.models import Account, Audit, Brand

router = Router()


class AccountOut(Schema):
    """`hook` is where deliveries are posted, for channels that take them."""

    id: int
    kind: str
    label: str
    name: str
    brand: int | None
    state: str
    hook: str | None
    created_at: datetime
    last_success_at: datetime | None
    last_error: str


class AccountMade(AccountOut):
    """`secret` is what deliveries are signed with, shown this once; null where there is none."""

    secret: str | None


def account_shown(row: Account) -> AccountOut:
    return AccountOut(**described(row))


def described(row: Account) -> dict[str, Any]:
    channel = channel_kinds().get(row.kind)
    return {
        "id": row.pk,
        "kind": row.kind,
        "label": label_of(row.kind),
        "name": row.name,
        "brand": row.brand_id,
        "state": row.state,
        "hook": f"{settings.URL}/hooks/{row.key}/" if channel and channel.receives_hooks else None,
        "created_at": row.created_at,
        "last_success_at": row.last_success_at,
        "last_error": row.last_error,
    }


@router.get("", response=answers(Page[AccountOut]), operation_id="list_accounts", summary="Connected channels")
def list_accounts(request: HttpRequest, page: Query[Paging]) -> dict[str, object]:
    return cursors.page("accounts", Account.objects.seen_by(who(request)), page, account_shown, newest=False)


@router.get(
    "/{int:account_id}",
    response=answers(AccountOut),
    operation_id="get_account",
    summary="One connected channel",
)
def get_account(request: HttpRequest, account_id: Path[Id]) -> AccountOut:
    return account_shown(fetch(Account.objects.seen_by(who(request)), account_id, "account"))


class AccountIn(Schema):
    """`settings` are the fields of the channel's set-up page, by name."""

    kind: Word
    name: Annotated[Word, Field(min_length=1)]
    brand: Id | None = None
    settings: dict[Word, str | int | bool | dict[Word, Word]] = {}


@router.post(
    "",
    response=answers(AccountMade, 201),
    operation_id="connect_account",
    summary="Connect a channel; its settings are tried",
)
def connect_account(request: HttpRequest, body: AccountIn) -> Status[AccountMade]:
    user = who(request, "manage")
    if body.kind not in channel_kinds():
        raise Refused(f"There is no channel of this kind. Kinds are: {', '.join(channel_kinds())}.", status=422)
    brand: Brand | None = fetch(Brand.objects.all(), body.brand, "brand") if body.brand else None
    made = flow.connect(body.kind, body.name, body.settings, brand=brand, user=user)
    secret = made.secrets.get("secret") if made.kind == "webhook" else None
    return Status(201, AccountMade(**described(made), secret=secret))


class AccountChange(Schema):
    name: Annotated[Word, Field(min_length=1)] | None = None
    state: Literal["active", "paused"] | None = None


@router.patch(
    "/{int:account_id}",
    response=answers(AccountOut),
    operation_id="change_account",
    summary="Rename, pause or resume it",
)
def change_account(request: HttpRequest, account_id: Path[Id], body: AccountChange) -> AccountOut:
    user = who(request, "manage")
    row: Account = fetch(Account.objects.seen_by(user), account_id, "account")
    changes = {k: v for k, v in body.dict().items() if v is not None}
    if changes:
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
        what = f"{row.kind}: {', '.join(f'{k}={v}' for k, v in changes.items())}"
        Audit.objects.create(user=user, who=str(user), deed="changed_settings", what=what[:300])
    return account_shown(row)
