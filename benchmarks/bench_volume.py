"""Volume over 10 million messages kept as columns, and how fast columns are made from the store.

The columns are drawn directly: two years, six channels, four brands, evenings busier than nights. Every question
is counted anew (kept answers are dropped before each), with the files in the system's cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks import measure, stores

MESSAGES = 10_000_000
PART = 250_000
TIMES = 12
STORED = 100_000  # conversations, about 2.5 messages each
CHANNELS = ("email", "webchat", "sms", "review", "x", "phone")
WORDS = [
    *CHANNELS,
    *("in", "out", "note", "message", "en", "de", "fr", "negative", "neutral", "positive"),
    *("question", "complaint", "praise", "other", "low", "normal", "high"),
]
NOW = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)


def draw(rng: Any, first: int, n: int) -> Any:
    """A part of synthetic messages, in order of time, as the table relate.rows describes."""
    import numpy as np
    import pyarrow as pa

    from crowdalogue.relate.rows import MESSAGES as SPEC

    span = 730 * 86_400
    begin = int(NOW.timestamp()) - span
    sent = begin + np.sort((np.arange(first, first + n) + rng.random(n)) / MESSAGES * span).astype(np.int64)
    ids = np.arange(first + 1, first + n + 1)

    def pick(values: tuple[str, ...], shares: list[float]) -> Any:
        places = np.array([WORDS.index(value) + 1 for value in values], dtype=np.int16)
        return places[rng.choice(len(values), size=n, p=shares)]

    columns = {
        "id": ids,
        "conversation": ids // 3 + 1,
        "brand": rng.integers(1, 5, n).astype(np.int32),
        "channel": pick(CHANNELS, [0.35, 0.2, 0.15, 0.1, 0.15, 0.05]),
        "direction": pick(("in", "out", "note"), [0.55, 0.4, 0.05]),
        "kind": pick(("message",), [1.0]),
        "public": rng.random(n) < 0.2,
        "sent_at": pa.array(sent * 1_000_000).cast(pa.timestamp("us", "UTC")),
        "quarter": (sent // 900).astype(np.int32),
        "author": rng.integers(1, 2_000_000, n),
        "agent": pa.nulls(n, pa.int64()),
        "copies": np.where(rng.random(n) < 0.05, np.maximum(ids - 7, 1), ids),
        "language": pick(("en", "de", "fr"), [0.7, 0.2, 0.1]),
        "sentiment": pick(("negative", "neutral", "positive"), [0.25, 0.55, 0.2]),
        "intent": pick(("question", "complaint", "praise", "other"), [0.4, 0.3, 0.1, 0.2]),
        "urgency": pick(("low", "normal", "high"), [0.2, 0.7, 0.1]),
        "needs_answer": rng.random(n) < 0.7,
    }
    return pa.table(columns, schema=SPEC.schema)


def make_columns() -> None:
    import numpy as np
    from django.db import connection

    from crowdalogue.models import Brand, Company
    from crowdalogue.relate import columns, facts
    from crowdalogue.relate.rows import MESSAGES as SPEC

    Company.objects.create(name="Bench", timezone="Europe/Stockholm")
    Brand.objects.bulk_create(Brand(name=name, competitor=name == "D") for name in "ABCD")
    rng = np.random.default_rng(1)
    with columns.writing(facts.folder()) as writer:
        manifest = columns.Manifest(store=facts.store(), as_of=NOW.isoformat(), words=WORDS)
        for first in range(0, MESSAGES, PART):
            writer.add_base(manifest, SPEC, draw(rng, first, PART))
        # Some late changes too, as there always are: they touch the newest part and one in the middle.
        for first in (MESSAGES // 2, MESSAGES - 5_000):
            writer.add_delta(manifest, SPEC, draw(rng, first, 2_000), [])
        writer.commit(manifest)
    connection.close()


def questions() -> dict[str, Any]:
    from crowdalogue.relate import measures, volume
    from crowdalogue.relate.filters import parse
    from crowdalogue.relate.scope import Scope

    everything = Scope.of(parse("period=all"), now=NOW)
    return {
        "by day, two years": lambda: measures.table(everything, "messages", ("day",)),
        "by day and channel, two years": lambda: measures.table(everything, "messages", ("day", "channel")),
        "by hour and weekday, two years": lambda: volume.heat(everything),
        "by brand, two years": lambda: measures.table(everything, "messages", ("brand",)),
        "negative share by day, 90 days": lambda: measures.table(
            Scope.of(parse("period=90d"), now=NOW), "negative", ("day",)
        ),
        "unique authors, two years": lambda: measures.table(everything, "authors"),
    }


def ask() -> None:
    from crowdalogue.relate import engine

    for name, question in questions().items():

        def anew(question: Any = question) -> None:
            engine.forget_answers()
            question()

        taken = measure.timed(anew, TIMES)
        goal = "" if name.startswith("unique") else "<= 200"
        measure.report(f"volume {name}, median", measure.quantile(taken, 0.5), "ms", goal=goal, n=MESSAGES)


def build() -> None:
    """Columns from a store, in a process of its own so that its peak memory is its own."""
    stores.start(STORED, "volume")
    from crowdalogue.relate import facts

    begin = time.perf_counter()
    done = facts.refresh(budget_s=1e9)
    seconds = time.perf_counter() - begin
    from crowdalogue.models import Message

    n = Message.objects.count()
    assert done.done
    measure.report("columns made from the store", n / seconds, "messages/s", goal=">= 8333", n=n)
    taken = measure.timed(facts.refresh, 5)
    measure.report("columns refreshed, nothing new", measure.quantile(taken, 0.5), "ms", n=n)


def main() -> None:
    measure.start("volume")
    measure.say(f"drawing {MESSAGES:,} messages")
    make_columns()
    ask()
    subprocess.run([sys.executable, "-m", "benchmarks.bench_volume", "build"], check=True, env=dict(os.environ))


if __name__ == "__main__":
    build() if len(sys.argv) > 1 else main()
