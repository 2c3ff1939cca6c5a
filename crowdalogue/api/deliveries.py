"""Deliveries: what knocked, byte for byte; for those who manage channels."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from crowdalogue import flow
from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Id, Page, Paging, answers
from crowdalogue.models import Audit, Delivery

router = Router()


class DeliveryOut(Schema):
    """`state`: kept (waiting), filed, or failed (not understood, with the reason)."""

    id: int
    account: int
    state: str
    reason: str
    received_at: datetime
    size: int


class DeliveryWhole(DeliveryOut):
    """`body` is in base64, because it may be anything."""

    headers: dict[str, str]
    body: str


def brief(row: Delivery) -> dict[str, object]:
    return {
        "id": row.pk,
        "account": row.account_id,
        "state": row.state,
        "reason": row.reason,
        "received_at": row.received_at,
        "size": len(row.body),
    }


@router.get("", response=answers(Page[DeliveryOut]), operation_id="list_deliveries", summary="Deliveries, newest first")
def list_deliveries(
    request: HttpRequest,
    page: Query[Paging],
    account: Query[Id | None] = None,
    state: Query[Literal["", "kept", "filed", "failed"]] = "",
) -> dict[str, object]:
    rows = Delivery.objects.seen_by(who(request, "manage"))
    rows = rows.filter(**{k: v for k, v in {"account_id": account, "state": state}.items() if v})
    return cursors.page("deliveries", rows, page, brief)


@router.get(
    "/{int:delivery_id}",
    response=answers(DeliveryWhole),
    operation_id="get_delivery",
    summary="One, as it came",
)
def get_delivery(request: HttpRequest, delivery_id: Path[Id]) -> dict[str, object]:
    """Whole, with what people wrote: that it was looked at is written into the audit, as on the page."""
    user = who(request, "manage")
    row: Delivery = fetch(Delivery.objects.seen_by(user).select_related("account"), delivery_id, "delivery")
    what = f"{row.account}: delivery {row.pk}, by the API"
    Audit.objects.create(user=user, who=str(user), deed="looked_at_delivery", what=what[:300])
    return {**brief(row), "headers": row.headers, "body": base64.b64encode(bytes(row.body)).decode()}


@router.post(
    "/{int:delivery_id}/replay",
    response=answers(DeliveryOut),
    operation_id="replay_delivery",
    summary="Understand it again; what was filed before stays one message",
)
def replay_delivery(request: HttpRequest, delivery_id: Path[Id]) -> dict[str, object]:
    rows = Delivery.objects.seen_by(who(request, "manage")).select_related("account")
    return brief(flow.replay(fetch(rows, delivery_id, "delivery")))
