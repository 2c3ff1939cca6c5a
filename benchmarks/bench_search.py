"""Word search by kind of query, on SQLite and on PostgreSQL, and what the index costs when messages are written.

    python -m benchmarks.bench_search [conversations]

bench_inbox holds the goal at a million conversations for a mix; here each kind is seen alone, the awkward ones too.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import measure, stores

SIZES = (10_000, 1_000_000)
TIMES = 60
WRITTEN, AT_ONCE = 10_000, 1000
COPIED = ("company", "user", "brand", "account", "person", "handle", "conversation", "message")


def main(sizes: tuple[int, ...]) -> None:
    from tests import servers

    for size in sizes:
        path = stores.prepared(size)
        part([str(path), "sqlite", str(size)], {})
        if servers.postgres_missing():
            measure.say(f"no PostgreSQL: {servers.postgres_missing()}")
            continue
        with servers.postgres() as url:
            part([str(path), "postgresql", str(size)], {"BENCH_DATABASE_URL": url})


def part(arguments: list[str], more: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "benchmarks.bench_search", *arguments], check=True, env=os.environ | more)


def at(path: Path, store: str, size: int) -> None:
    if store == "sqlite":
        measure.start("search", store=path)
    else:
        start_postgres(path)
    from crowdalogue.models import User
    from crowdalogue.text.search import search, search_people

    user = User.objects.get(pk=1)
    for name, typed in queries(random.Random(3), size).items():
        turn = cycle(typed)
        report(store, name, size, lambda turn=turn: search(user, turn()))  # type: ignore[misc]
    chance = random.Random(4)
    report(store, "people by name", size, lambda: search_people(user, f"person{chance.randint(1, size)}"))
    cost_of_index(store)


def queries(chance: random.Random, size: int) -> dict[str, list[str]]:
    """Twenty of each kind."""
    common, middling, rare = stores.WORDS[:40], stores.WORDS[200:2000], stores.WORDS[8000:15000]

    def each(make: Callable[[], str]) -> list[str]:
        return [make() for _ in range(20)]

    def one(words: list[str]) -> str:
        return chance.choice(words)

    return {
        "common word": each(lambda: one(common)),
        "middling word": each(lambda: one(middling)),
        "rare word": each(lambda: one(rare)),
        "two common words": each(lambda: f"{one(common)} {one(common)}"),
        "common and rare": each(lambda: f"{one(common)} {one(rare)}"),
        "two rare words": each(lambda: f"{one(rare)} {one(rare)}"),
        "phrase": each(lambda: f'"{one(common)} {one(common)}"'),
        "without": each(lambda: f"{one(common)} -{one(common)}"),
        "beginning": each(lambda: f"{one(middling)[:4]}*"),
        "rare, outgoing": each(lambda: f"{one(middling)} out:"),
        "a month a year ago": each(lambda: f"{one(middling)} after:13m before:12m"),
        "brand": each(lambda: f"{one(middling)} brand:fabrikam"),
        "author": each(lambda: f"{one(common)} from:person{chance.randint(1, size)}"),
    }


def cycle(values: list[str]) -> Callable[[], str]:
    numbers = iter(range(10**9))
    return lambda: values[next(numbers) % len(values)]


def report(store: str, name: str, size: int, work: Callable[[], object]) -> None:
    taken, cpu = measure.timed_both(work, TIMES, warm_up=3)
    note = f"median {measure.quantile(taken, 0.5):.1f}; of CPU p95 {measure.quantile(cpu, 0.95):.1f} ms"
    what = f"search on {store}, {name}, p95 at {size:,}"
    measure.report(what, measure.quantile(taken, 0.95), "ms", n=TIMES, note=note)


def cost_of_index(store: str) -> None:
    """Milliseconds a thousand messages take to write, without and with their words indexed."""
    from crowdalogue.text import index

    with_index = write_messages("a")
    index.drop()
    without = write_messages("b")
    measure.report(f"writing 1,000 messages on {store}, words not indexed", without, "ms", n=WRITTEN)
    measure.report(f"writing 1,000 messages on {store}, words indexed", with_index, "ms", n=WRITTEN)


def write_messages(mark: str) -> float:
    from django.db import transaction
    from django.utils import timezone

    from crowdalogue.models import Message
    from crowdalogue.models.bulk import insert_many

    maker = stores.Maker(random.Random(9), timezone.now())
    common = {"account_id": 1, "conversation_id": 1, "direction": "in", "channel": "email"}
    taken = 0.0
    for first in range(0, WRITTEN, AT_ONCE):
        rows = [
            Message(external_id=f"{mark}{n}", sent_at=timezone.now(), text=maker.texts[n], **common)
            for n in range(first, first + AT_ONCE)
        ]
        began = time.perf_counter()
        with transaction.atomic():
            insert_many(Message, rows)
        taken += time.perf_counter() - began
    return taken * 1000 / (WRITTEN / 1000)


# --- the same rows in PostgreSQL


def start_postgres(path: Path) -> None:
    home = measure.scratch("search")
    os.environ["CROWDALOGUE_HOME"] = str(home)
    os.environ["CROWDALOGUE_DATABASE_URL"] = os.environ.pop("BENCH_DATABASE_URL")
    os.environ["CROWDALOGUE_LOG"] = "error"
    os.environ["DJANGO_SETTINGS_MODULE"] = "crowdalogue.settings"
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    from crowdalogue.text import index

    index.drop()  # made at once afterwards
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # rows come whole, their links are not checked
        for table in COPIED:
            copy(source, cursor, table)
        cursor.execute("SET session_replication_role = origin")
    index.make()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def copy(source: sqlite3.Connection, cursor: Any, table: str) -> None:
    from django.apps import apps

    model = apps.get_model("crowdalogue", table)
    columns = [str(f.column) for f in model._meta.concrete_fields]
    if table == "message":
        columns.remove("delivery_id")  # the raw deliveries stay behind
    listed = ", ".join(f'"{c}"' for c in columns)
    name = model._meta.db_table
    with cursor.copy(f'COPY "{name}" ({listed}) FROM STDIN') as sink:
        for row in source.execute(f'SELECT {listed} FROM "{name}"'):
            sink.write_row([str(v) if isinstance(v, int) else v for v in row])
    cursor.execute(
        f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), greatest((SELECT max(id) FROM \"{name}\"), 1))"
    )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        at(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)
