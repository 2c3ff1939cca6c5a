"""Cursors: where a page ended, signed, so that programs keep them and cannot make them up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core import signing
from django.db.models import QuerySet

from crowdalogue.api.shapes import Paging
from crowdalogue.errors import Refused


def write(listing: str, place: Any) -> str:
    """A cursor of one listing; `place` is anything JSON can hold."""
    return signing.dumps(place, salt=f"crowdalogue.api.{listing}")


def read(listing: str, cursor: str) -> Any:
    """The place a cursor stands for. Raises `Refused` for one that is not ours, or of another listing."""
    try:
        return signing.loads(cursor, salt=f"crowdalogue.api.{listing}")
    except signing.BadSignature:
        raise Refused("The cursor is not one of this list. Begin again without it.", status=422) from None


def by_id(
    listing: str, rows: QuerySet[Any], cursor: str, limit: int, *, newest: bool = True
) -> tuple[list[Any], str | None]:
    """A page in the order of ids, and the cursor of the next. New rows never move what is on later pages."""
    if cursor:
        last = int(read(listing, cursor))
        rows = rows.filter(pk__lt=last) if newest else rows.filter(pk__gt=last)
    found = list(rows.order_by("-pk" if newest else "pk")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return found, write(listing, found[-1].pk) if more else None


def page(
    listing: str, rows: QuerySet[Any], asked: Paging, shown: Callable[[Any], object], *, newest: bool = True
) -> dict[str, object]:
    """The answer of a list in the order of ids: `Page` of what `shown` makes of each row."""
    found, following = by_id(listing, rows, asked.cursor, asked.limit, newest=newest)
    return {"items": [shown(row) for row in found], "next": following}
