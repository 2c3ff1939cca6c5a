"""Many rows at once, where the ORM's own bulk update is too slow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from django.db import connection, models

T = TypeVar("T")
CHUNK = 500  # values in one IN (...): well under SQLite's limit, short enough to plan quickly


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    batch: list[T] = []
    for value in values:
        batch.append(value)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def update_many(model: type[models.Model], fields: Sequence[str], rows: Sequence[models.Model]) -> None:
    """Write `fields` of every row by primary key: one prepared statement, many sets of values."""
    if not rows:
        return
    meta = model._meta
    columns = [meta.get_field(name) for name in fields]
    quote = connection.ops.quote_name
    assignments = ", ".join(f"{quote(str(c.column))} = %s" for c in columns)  # type: ignore[union-attr]
    key = meta.pk
    assert key is not None
    statement = f"UPDATE {quote(meta.db_table)} SET {assignments} WHERE {quote(str(key.column))} = %s"  # noqa: S608
    values: list[tuple[Any, ...]] = [
        (*(c.get_db_prep_save(getattr(row, c.attname), connection) for c in columns), row.pk)  # type: ignore[union-attr]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)
