"""What the company knows, made ready for the steps: its products and its stores, from the rows of its catalogue.

Building the index of 100,000 products takes a second or two, so each process keeps it and only looks whether the rows
have changed.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max

from crowdalogue.analyze.steps.catalogue import Catalogue, Entry
from crowdalogue.analyze.steps.place import gazetteer
from crowdalogue.models import BusinessRecord, CatalogueEntry
from crowdalogue.models.bulk import insert_many

MOST = 200_000  # entries
MOST_FROM_RECORDS = 5_000

_State = tuple[int, datetime | None]
_lock = threading.Lock()
_kept: dict[str, tuple[_State, Mapping[str, Any]]] = {}


def known() -> Mapping[str, Any]:
    """`catalogue` and `places` for `Document.known`, as the rows are now."""
    now = _state()
    with _lock:
        state, mapping = _kept.get("known", (None, {}))
        if now != state:
            mapping = _built()
            _kept["known"] = (now, mapping)
        return mapping


def _state() -> _State:
    found = CatalogueEntry.objects.aggregate(n=Count("id"), last=Max("changed_at"))
    return found["n"], found["last"]


def _built() -> Mapping[str, Any]:
    rows = CatalogueEntry.objects.order_by("id").values_list("id", "kind", "name", "synonyms", "codes", "country")[
        :MOST
    ]
    products, stores = [], []
    for pk, kind, name, synonyms, codes, country in rows.iterator(chunk_size=5_000):
        if kind == CatalogueEntry.Kind.PRODUCT:
            products.append(Entry(str(pk), name, _strings(synonyms), _strings(codes)))
        elif country:
            stores += [(each, country) for each in (name, *_strings(synonyms))]
    known: dict[str, Any] = {"catalogue": Catalogue(products)}
    return known | {"places": gazetteer(tuple(stores))} if stores else known


def _strings(values: Any) -> tuple[str, ...]:
    return tuple(str(v) for v in values if v) if isinstance(values, list) else ()


def take_from_records() -> int:
    """Where the catalogue holds no product yet, the products of imported orders. Returns how many came in."""
    if CatalogueEntry.objects.filter(kind=CatalogueEntry.Kind.PRODUCT).exists():
        return 0
    rows = BusinessRecord.objects.exclude(product="").values_list("product", "demo").order_by("product").distinct()
    found: dict[str, bool] = {}
    for name, demo in rows[: 2 * MOST_FROM_RECORDS]:
        found[name] = found.get(name, True) and demo
    names = [name for name in found if name.strip()][:MOST_FROM_RECORDS]
    source = CatalogueEntry.Source.RECORDS
    fresh = [CatalogueEntry(name=n, source=source, demo=found[n]) for n in names]
    with transaction.atomic():
        insert_many(CatalogueEntry, fresh, ignore_conflicts=True)
    return len(names)
