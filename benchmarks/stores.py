"""Stores with many conversations, made by plain SQL and kept for the next run.

    from benchmarks import stores
    home = stores.start(1_000_000)     # an SQLite store with as many conversations, Django set up on it

Of every hundred conversations about ten wait with a promise, three wait since long ago, two are snoozed, the rest
is closed; each has one to four messages over two years, a person, waits and readings. Words are drawn with
Zipf frequencies from `WORDS`, commonest first, so that a search for WORDS[k] meets what such words meet.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import measure

KEPT = measure.ROOT / "var" / "bench" / "stores"
FREQUENT = """
the order my is not and delivery it was for to you have refund still please broken when parcel arrived account payment
late help thanks card phone app wrong price box return number week waiting service address colour invoice
"""
SYLLABLES = [a + b for a in ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v") for b in "aeiou"]
WORDS = [
    *FREQUENT.split(),
    *("".join(s) for s in itertools.islice(itertools.product(SYLLABLES, repeat=3), 0, 240_000, 12)),
]
BRANDS = ("Northwind", "Fabrikam", "Contoso")
AGENTS = 5
CHUNK = 10_000  # conversations written at a time


def start(conversations: int, name: str = "bench") -> Path:
    """A scratch home whose store holds so many conversations; Django is set up on it."""
    return measure.start(name, store=prepared(conversations) if conversations else None)


def prepared(conversations: int) -> Path:
    """The file of such a store; made (about 2 minutes a million) if the rows or this file have changed since."""
    path = KEPT / f"{version()}-{conversations}.sqlite3"
    if not path.exists():
        measure.say(f"making a store of {conversations:,} conversations")
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob("*.sqlite3*"):
            if not old.name.startswith(version()):
                old.unlink()
        # In a process of its own: its memory is not the benchmark's.
        subprocess.run([sys.executable, "-m", "benchmarks.stores", str(conversations), str(path)], check=True)
    return path


def version() -> str:
    package = measure.ROOT / "crowdalogue"
    made_from = [
        Path(__file__),
        *sorted((package / "models" / "migrations").glob("*.py")),
        package / "text" / "index.py",
    ]
    return hashlib.sha256(b"".join(p.read_bytes() for p in made_from)).hexdigest()[:12]


# --- making one --------------------------------------------------------------------------------------------------


def build(conversations: int, target: Path) -> None:
    home = measure.start("store")
    from django.db import connection

    from crowdalogue.text import index

    index.drop()  # filled at once afterwards, which is ten times as fast as by triggers
    connection.close()
    store = sqlite3.connect(home / "crowdalogue.sqlite3", isolation_level=None)
    store.execute("PRAGMA journal_mode=OFF")
    store.execute("PRAGMA synchronous=OFF")
    store.execute("PRAGMA cache_size=-1000000")
    store.execute("BEGIN")
    company(store)
    maker = Maker(random.Random(7), now=datetime.now(UTC).replace(microsecond=0))
    for first in range(1, conversations + 1, CHUNK):
        maker.write(store, range(first, min(first + CHUNK, conversations + 1)))
    store.execute("COMMIT")
    store.close()
    index.make()
    connection.close()
    partial = target.with_suffix(".part")
    shutil.move(home / "crowdalogue.sqlite3", partial)
    partial.replace(target)


def company(store: sqlite3.Connection) -> None:
    from crowdalogue.models import Account, Brand, Company, Hours, Target, User

    hours = [[["08:00", "18:00"]]] * 5 + [[], []]
    insert(store, Company, ("id", "name"), [(1, "Northwind Example")])
    insert(store, Brand, ("id", "name"), list(enumerate(BRANDS, 1)))
    insert(store, Hours, ("id", "name", "week"), [(1, "Office", json.dumps(hours))])
    insert(store, Target, ("id", "kind", "first_minutes", "hours"), [(1, "", 30, None)])
    agents = [(i, f"agent{i}@example.com", f"Agent {i}", "agent") for i in range(1, AGENTS + 1)]
    insert(store, User, ("id", "email", "name", "role"), agents)
    settings = json.dumps({"from_address": "help@example.com"})
    insert(store, Account, ("id", "key", "kind", "name", "brand", "settings", "secrets"), [
        (1, "bench", "email", "Help", 1, settings, "")
    ])  # fmt: skip


class Maker:
    """Draws rows; the same seed draws the same."""

    def __init__(self, chance: random.Random, now: datetime) -> None:
        self.chance, self.now = chance, now
        self.message = 0
        weights = itertools.accumulate(1 / (k + 3) ** 1.05 for k in range(len(WORDS)))
        self.weights = list(weights)
        self.texts = [self.text() for _ in range(50_000)]

    def text(self) -> str:
        words = self.chance.choices(
            WORDS, cum_weights=self.weights, k=max(3, int(self.chance.lognormvariate(2.9, 0.6)))
        )
        return " ".join(words).capitalize() + "."

    def write(self, store: sqlite3.Connection, ids: range) -> None:
        from crowdalogue.models import Conversation, Delivery, Handle, Message, Person, Reading, Wait

        made = [self.conversation(i) for i in ids]
        insert(store, Person, ("id", "name"), [(i, f"Person {i}") for i in ids])
        insert(
            store,
            Handle,
            ("id", "kind", "address", "name", "person"),
            [(i, "email", f"person{i}@example.com", f"Person {i}", i) for i in ids],
        )
        insert(store, Conversation, CONVERSATION, (row for row, *_ in made))
        messages = [m for _, rows, *_ in made for m in rows]
        arrived = [m for m in messages if m["direction"] == "in"]
        insert(
            store,
            Delivery,
            ("id", "account", "key", "body", "received_at", "state"),
            (
                (m["id"], 1, hashlib.sha256(m["external_id"].encode()).hexdigest(), b"-", m["sent_at"], "filed")
                for m in arrived
            ),
        )
        insert(store, Message, MESSAGE, (tuple(m[name] for name in MESSAGE) for m in messages))
        insert(store, Wait, WAIT, (wait for *_, waits in made for wait in waits))
        insert(
            store,
            Reading,
            ("message", "version", "findings", "language", "sentiment", "intent", "needs_answer", "urgency"),
            ((m["id"], "bench", "{}", "en", m["sentiment"], m["intent"], 1, "normal") for m in arrived),
        )

    def conversation(self, i: int) -> tuple[tuple[Any, ...], list[dict[str, Any]], list[tuple[Any, ...]]]:
        chance = self.chance
        lot = i % 100  # spread over ids, so that every page of every queue touches all of the table
        waiting, old, snoozed = lot < 10, 10 <= lot < 13, 13 <= lot < 15
        began = self.now - timedelta(seconds=chance.uniform(0, 86_400 * (2 if waiting else 730)))
        sentiment = chance.choice(("negative", "neutral", "positive"))
        intent = chance.choice(("question", "complaint", "praise", "idea"))
        rows, at = [], began
        count = chance.choices((1, 3) if waiting or old or snoozed else (2, 4), weights=(4, 1))[0]
        for number in range(count):
            self.message += 1
            at = at if number == 0 else min(at + timedelta(minutes=chance.expovariate(1 / 90)), self.now)
            inbound = number % 2 == 0
            rows.append(
                {
                    "id": self.message,
                    "account": 1,
                    "external_id": f"<{i}.{number}@example.com>",
                    "conversation": i,
                    "direction": "in" if inbound else "out",
                    "channel": "email",
                    "handle": i if inbound else None,
                    "user": None if inbound else i % AGENTS + 1,
                    "parent": f"<{i}.{number - 1}@example.com>" if number else "",
                    "sent_at": stamp(at),
                    "received_at": stamp(at),
                    "read_at": stamp(at),
                    "changed_at": stamp(at),
                    "subject": "About my order",
                    "text": chance.choice(self.texts),
                    "delivery": self.message if inbound else None,
                    "sentiment": sentiment,
                    "intent": intent,
                }
            )
        answered = rows[-1]["direction"] == "out"
        since = None if answered else rows[-1]["sent_at"]
        due = stamp(at + timedelta(minutes=30)) if waiting and not answered else None
        conversation = (
            i, 1, "email", i % len(BRANDS) + 1, i, i, "About my order", rows[0]["text"][:200], f"k{i}",
            stamp(began), stamp(began), stamp(at), len(rows),
            "snoozed" if snoozed else "open" if waiting or old else "closed",
            i % AGENTS + 1 if lot % 4 == 0 else None, stamp(self.now + timedelta(days=1)) if snoozed else None,
            1, 1, 1, 600 if len(rows) > 1 else None, since, due, sentiment, intent, 0,
        )  # fmt: skip
        return conversation, rows, list(waits_of(i, rows))


CONVERSATION = (
    "id", "account", "kind", "brand", "person", "handle", "subject", "preview", "key",
    "created_at", "first_at", "last_at", "messages_count",
    "state", "owner", "snoozed_until",
    "priority", "needs_answer", "opened_by_customer", "first_response_s", "waiting_since", "due_at",
    "sentiment", "intent", "unread",
)  # fmt: skip
MESSAGE = (
    "id", "account", "external_id", "conversation", "direction", "channel", "handle", "user", "parent",
    "sent_at", "received_at", "read_at", "changed_at", "subject", "text", "delivery",
)  # fmt: skip
WAIT = ("conversation", "number", "started_at", "first", "due_at", "answered_at", "answer", "calendar_s")


def waits_of(i: int, rows: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for number, asked in enumerate(rows[::2], 1):
        answer = rows[2 * number - 1] if 2 * number <= len(rows) else None
        took = 600 if answer else None
        yield (
            i,
            number,
            asked["sent_at"],
            number == 1,
            asked["sent_at"],
            answer and answer["sent_at"],
            (answer and answer["id"]),
            took,
        )


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def insert(store: sqlite3.Connection, model: Any, names: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows of `names`; every other column gets the model's own default."""
    from django.db import connection

    given = {model._meta.get_field(name) for name in names}
    others = [f for f in model._meta.concrete_fields if f not in given and not f.auto_created]
    columns = [model._meta.get_field(name).column for name in names] + [f.column for f in others]
    defaults = [f.get_db_prep_save(f.get_default(), connection) for f in others]
    places = ", ".join("?" * len(columns))
    listed = ", ".join(f'"{c}"' for c in columns)
    statement = f'INSERT INTO "{model._meta.db_table}" ({listed}) VALUES ({places})'
    store.executemany(statement, ((*row, *defaults) for row in rows))


if __name__ == "__main__":
    begin = time.monotonic()
    build(int(sys.argv[1]), Path(sys.argv[2]))
    measure.say(f"made in {time.monotonic() - begin:.0f} s, {Path(sys.argv[2]).stat().st_size / 2**20:,.0f} MiB")
