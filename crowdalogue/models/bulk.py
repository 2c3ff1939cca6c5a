"""Many rows at once, where the ORM's own bulk update is too slow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

T = TypeVar("T")
Row = TypeVar("Row", bound=models.Model)
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


def lease(rows: models.QuerySet[Any], until: datetime, limit: int) -> list[int]:
    """Ids of at most `limit` rows of a queue that are due, the longest first, which are this worker's until `until`:
    `not_before` is put off by a conditional update, so that another worker leaves them alone, and `attempts` counts."""
    due = rows.order_by("not_before", "pk").values_list("pk", "not_before")[:limit]
    mine = {"not_before": until, "attempts": models.F("attempts") + 1}
    return [pk for pk, was in due if rows.filter(pk=pk, not_before=was).update(**mine)]


def pick(model: type[Row], names: Sequence[str], limit: int | None = None, **where: Any) -> list[tuple[Any, ...]]:
    """Some columns of the rows where others equal a value, or one of a list: plain SQL, for places where making a
    statement of the ORM takes longer than asking it. Only for columns of numbers and texts."""
    condition, values = matching(model, where)
    columns = ", ".join(column_of(model, name) for name in names)
    ending = f" LIMIT {int(limit)}" if limit else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table_of(model)} WHERE {condition}{ending}", values)  # noqa: S608
        return cursor.fetchall()  # type: ignore[no-any-return]


def pick_rows(model: type[Row], **where: Any) -> list[Row]:
    """The same for whole rows."""
    condition, values = matching(model, where)
    return list(model._default_manager.raw(f"SELECT * FROM {table_of(model)} WHERE {condition}", values))  # noqa: S608


def matching(model: type[models.Model], where: dict[str, Any]) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    for name, value in where.items():
        if isinstance(value, list):
            parts.append(f"{column_of(model, name)} IN ({', '.join(['%s'] * len(value)) or 'NULL'})")
            values += value
        else:
            parts.append(f"{column_of(model, name)} = %s")
            values.append(value)
    return " AND ".join(parts), values


def column_of(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(str(model._meta.get_field(name).column))  # type: ignore[union-attr]


def table_of(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


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
    with connection.cursor() as cursor:
        cursor.executemany(statement, values_of([*columns, key], rows))


def values_of(fields: Sequence[Any], rows: Sequence[models.Model]) -> list[tuple[Any, ...]]:
    """The columns of `rows` as they go to the driver. Made column by column: most hold one value again and again."""
    read = itemgetter(*(f.attname for f in fields))  # past the descriptors, which cost more than everything else
    columns: list[Iterable[Any]] = list(zip(*(read(row.__dict__) for row in rows), strict=True))
    for place, field in enumerate(fields):
        if convert := converter(field, connection.vendor):
            columns[place] = converted(convert, columns[place])
    return list(zip(*columns, strict=True))


def converted(convert: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    last: Any = None
    made = convert(None)
    found = []
    for value in values:
        if value is not last:
            last, made = value, convert(value)
        found.append(made)
    return found


def make(model: type[Row], **values: Any) -> Row:
    """A new row for `insert_many`, twenty times quicker than calling the class.

    `values` go by column (`account_id`, not `account`); what is left out gets the field's default.
    """
    fixed, called = blank(model)
    row = model.__new__(model)
    row.__dict__.update(fixed)
    for name, default in called:
        if name not in values:
            row.__dict__[name] = default()
    row.__dict__.update(values)
    row.__dict__["_state"] = ModelState()
    return row


@cache
def blank(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """The defaults of a model's columns: values, and functions that are called for each row."""
    fixed: dict[str, Any] = {}
    called: list[tuple[str, Callable[[], Any]]] = []
    for field in model._meta.concrete_fields:
        if callable(field.default) and field.has_default():
            called.append((field.attname, field.default))
        else:
            fixed[field.attname] = field.get_default()
    return fixed, called


def insert_many(model: type[models.Model], rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Insert rows and give them their ids, several times quicker than `bulk_create`: the values go to the driver
    as they are, without a pass through every field's own preparation. Call inside a transaction.

    Only for our own tables, whose columns are numbers, text, bytes, times, JSON and foreign keys.
    """
    if not rows:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("insert_many reserves ids, which needs a transaction")
    fields = model._meta.concrete_fields
    if isinstance(model._meta.pk, models.AutoField):
        without = [row for row in rows if row.pk is None]
        for row, pk in zip(without, reserve_ids(model, len(without)), strict=True):
            row.pk = pk
    write(model, [str(f.column) for f in fields], values_of(fields, rows), ignore_conflicts)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def write(model: type[models.Model], columns: Sequence[str], values: Sequence[Sequence[Any]], ignore: bool) -> None:
    quote = connection.ops.quote_name
    names = ", ".join(quote(c) for c in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and not ignore:
            into = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(into) as copy:
                for row in values:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        ending = " ON CONFLICT DO NOTHING" if ignore else ""
        cursor.executemany(f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places}){ending}", values)  # noqa: S608


def reserve_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """`count` ids nobody else will get. On SQLite the transaction holds the write lock, so counting on is safe."""
    if not count:
        return range(0)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
        return range(last + 1, last + 1 + count)


def converter(field: models.Field[Any, Any], vendor: str) -> Callable[[Any], Any] | None:
    """How a field's value goes to the driver; None: as it is."""
    if isinstance(field, models.JSONField):
        return json_text
    if isinstance(field, models.DateTimeField):
        return sqlite_time if vendor == "sqlite" else None
    if isinstance(field, models.CharField) and field.choices:
        return str  # members of a TextChoices are str, but a driver may ask for the exact type
    if isinstance(field, models.DecimalField) and vendor == "sqlite":
        return lambda value: None if value is None else str(value)
    return None


def json_text(value: Any) -> str:
    return "{}" if value == {} else json.dumps(value)


def sqlite_time(value: datetime | None) -> str | None:
    """As Django writes it: UTC without a zone, microseconds only where there are any."""
    if value is None:
        return None
    return str(value if value.tzinfo is UTC else value.astimezone(UTC))[:-6]
