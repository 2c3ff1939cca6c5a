"""Share of voice: how much of what is said names which brand, ours and competitors'."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import ibis
from ibis import _

from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.filters import Filters
from crowdalogue.relate.measures import EPOCH, WITHOUT, Row
from crowdalogue.relate.scope import Scope
from crowdalogue.relate.statistics import FEW, wilson

MOST_BRANDS = 1_000
MOST_PARTS = 10_000  # brands by weeks, or by channels
DEFINITION = (
    "A message counts for the brand it was sent to, and for every brand that a watch for a brand or a competitor heard "
    "named in it, once for each brand. The share is of all such counts, so the shares of all brands add up to 1. "
    "Authors are persons: several accounts known to be one person count once. What was overheard counts like what was "
    f"sent to us. {WITHOUT}"
)


def of_brands(scope: Scope) -> list[Row]:
    """By brand, the largest first: `n` messages and their share with Wilson's interval, `authors` and theirs.

    The filters `brand`, `whose` and `about` choose which brands are shown, never what the shares are of.
    """
    everybody = Scope.of(replace(scope.filters, whose="any", brand=(), about=()), now=scope.now)
    rows = everybody.ask("voice", lambda t: _counted(everybody, t), limit=MOST_BRANDS)
    rows = [r for r in rows if r["brand"] in scope.names]
    messages, authors = sum(r["n"] for r in rows), sum(r["authors"] for r in rows)
    return [_shown(scope, r, messages, authors) for r in rows if _chosen(scope, r["brand"])]


def split(scope: Scope, by: str) -> list[Row]:
    """Share of voice within each week (its Monday) or channel: as `of_brands`, each row with its `week` or `channel`.

    The shares of all brands add up to 1 in each. In order of time, or the largest channel first; `few`: the week or
    channel has too few to say.
    """
    everybody = Scope.of(replace(scope.filters, whose="any", brand=(), about=()), now=scope.now)
    rows = everybody.ask(("voice by", by), partial(_counted, everybody, by=by), limit=MOST_PARTS)
    rows = [r for r in rows if r["brand"] in scope.names]
    whole: dict[Any, list[int]] = {}
    for row in rows:
        there = whole.setdefault(row[by], [0, 0])
        there[0] += row["n"]
        there[1] += row["authors"]
    order = sorted(whole, key=lambda part: part if by == "week" else -whole[part][0])
    found = {(r[by], r["brand"]): _shown(scope, r, *whole[r[by]]) for r in rows if _chosen(scope, r["brand"])}
    named = {part: EPOCH + timedelta(days=part) if by == "week" else scope.word(part) for part in order}
    return [{by: named[part], **found[at]} for part in order for at in found if at[0] == part]


def behind(filters: Filters, brand: str) -> Filters:
    """The filters that show the messages one brand's row counts."""
    return replace(filters, whose="any", brand=(), about=(brand,))


def _counted(scope: Scope, tables: Tables, by: str = "") -> Expression:
    said = scope.messages(tables)
    if by == "week":
        day = scope.day(_.quarter)
        said = said.mutate(week=(day - (day + 3) % 7).cast("int64"))
    kept = ("id", "author", *([by] if by else []))
    named = said.filter(_.brand != 0).select(*kept, brand=_.brand.cast("int64"))
    if ears := [(pk, brand) for pk, _name, brand in scope.watches if brand]:
        heard = said.filter(_.watches.notnull()).select(*kept, watch=_.watches.unnest())
        brand = _.watch.cases(*ears, else_=0).cast("int64")
        heard = heard.select(*kept, brand=brand).filter(_.brand != 0)
        named = ibis.union(named, heard, distinct=True)
    counted = named.group_by([*kept[2:], "brand"]).agg(n=_.id.nunique(), authors=_.author.nunique())
    return counted.order_by([ibis.desc("n"), ibis.asc("brand")])


def _chosen(scope: Scope, brand: int) -> bool:
    f = scope.filters
    if f.brand or f.about:
        return scope.names[brand] in (*f.brand, *f.about)
    return f.whose == "any" or (brand in scope.rivals) == (f.whose == "competitor")


def _shown(scope: Scope, row: Row, messages: int, authors: int) -> Row:
    low, high = wilson(row["n"], messages) or (None, None)
    return {
        "brand": scope.names[row["brand"]],
        "competitor": row["brand"] in scope.rivals,
        "n": row["n"],
        "share": row["n"] / messages,
        "share_low": low,
        "share_high": high,
        "few": messages < FEW,
        "authors": row["authors"],
        "authors_share": row["authors"] / authors if authors else None,
    }
