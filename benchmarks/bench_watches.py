"""Watches: a thousand of them against messages, the whole step of the worker with its rows, a trial on the past, and
the past of a new watch.

Texts are tweets from the example data beside the checkout, or our own labelled examples without it; the watches are
made of words in them, so that many are looked at for each message.
"""

from __future__ import annotations

import csv
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import measure

WATCHES = 1000
FILED = 40_000
BATCH = 64  # messages in one transaction of the worker


def texts() -> tuple[str, list[str]]:
    """Where the texts are from, and the texts."""
    folder = Path(os.environ.get("CROWDALOGUE_DATA") or measure.ROOT.parent / "shared" / "data")
    found: list[str] = []
    for name in ("care_tweets", "airline_tweets"):
        path = folder / name / "tweets.csv"
        if path.exists():
            with path.open(newline="", encoding="utf-8", errors="replace") as stream:
                found += [row["text"] for row in csv.DictReader(stream)]
    if found:
        return "tweets", found
    from crowdalogue.analyze import training

    return "own examples", [row["text"] for row in training.examples()]


def queries(said: list[str], count: int) -> list[Any]:
    """Five kinds in turn: a brand in four spellings, misspelled, several words at once, near, beginnings with
    exceptions."""
    from crowdalogue.text.query import words_of
    from crowdalogue.text.watching import Near, WatchQuery

    rng = random.Random(7)
    counts = Counter(word for text in said for word in words_of(text))
    common = [word for word, _ in counts.most_common(400)][60:]
    names = [word for word, n in counts.items() if 5 <= n <= 60 and len(word) > 4]

    def query(kind: int) -> WatchQuery:
        name, other = rng.sample(names, 2)
        if kind == 0:
            return WatchQuery(any=(name, f"{other} {rng.choice(common)}", f"#{name}", f"@{name}"))
        if kind == 1:
            return WatchQuery(any=(f"{name}~", other), none=(rng.choice(common),))
        if kind == 2:
            return WatchQuery(all=(name,), any=tuple(rng.sample(common, 4)))
        if kind == 3:
            return WatchQuery(near=(Near((name, other), tuple(rng.sample(common, 3)), 6),))
        return WatchQuery(any=tuple(f"{n}*" for n in rng.sample(names, 3)), none=tuple(rng.sample(common, 3)))

    return [query(n % 5) for n in range(count)]


def cpu(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def bench_matcher(source: str, said: list[str], asked: list[Any]) -> None:
    from crowdalogue.text.matching import Heard, Matcher

    matcher = Matcher(dict(enumerate(asked)))
    heard = [Heard(text, language="en", kind="x", reach=10) for text in said]
    for name in ("words not seen before", "words seen before"):
        hits = 0

        def work() -> None:
            nonlocal hits
            hits = sum(len(matcher.match(one)) for one in heard)

        taken = cpu(work)
        note = f"{source}; {hits / len(heard):.1f} hits a message; of CPU"
        measure.report(
            f"{WATCHES} watches, {name}", len(heard) / taken, "messages/s", goal=">= 5000", n=len(heard), note=note
        )


def bench_rows(said: list[str], asked: list[Any]) -> None:
    from django.db import transaction
    from django.utils import timezone

    from crowdalogue import flow
    from crowdalogue.channels.base import Author, Incoming
    from crowdalogue.listen import trials, watches
    from crowdalogue.models import Account, Message, Reading, User, Watch

    account, now = Account.objects.create(kind="x", name="Bench"), timezone.now()
    user = User.objects.create_user("bench@example.com", role="owner")

    def item(n: int) -> Incoming:
        at = now - timedelta(minutes=3 * (FILED - n))
        return Incoming(f"m{n}", Author(f"who{n % 5000}"), said[n % len(said)], at)

    for start in range(0, FILED, 1000):
        flow.file(account, [item(n) for n in range(start, start + 1000)], bulk=True)
    measure_past(user, watches, trials, asked)
    for n, query in enumerate(asked):
        if not Watch.objects.filter(name=f"Watch {n}").exists():
            watches.save(None, name=f"Watch {n}", purpose="need", query=query)
    rows = list(Message.objects.order_by("-pk")[:4000])
    watches.matcher()
    hits = 0

    def work() -> None:
        nonlocal hits
        for start in range(0, len(rows), BATCH):
            with transaction.atomic():
                hits += watches.catch([Reading(message=row, language="en") for row in rows[start : start + BATCH]])

    begin = time.monotonic()
    taken = cpu(work)
    note = f"{hits / len(rows):.1f} hits a message, each a row; {time.monotonic() - begin:.1f} s by the clock; of CPU"
    measure.report(f"{WATCHES} watches with their rows", len(rows) / taken, "messages/s", n=len(rows), note=note)


def measure_past(user: Any, watches: Any, trials: Any, asked: list[Any]) -> None:
    for name, query in (("a word", asked[0]), ("only misspellings", type(asked[0])(any=("delivery~",)))):
        begin = time.process_time()
        trial = trials.run(user, query, budget=60)
        taken = time.process_time() - begin
        note = f"{FILED:,} messages in 83 days, {trial.looked_at:,} read, {trial.hits:,} found; of CPU"
        measure.report(f"watch tried on the past, {name}", 1000 * taken, "ms", note=note)
    watch = watches.save(None, name="Watch 0", purpose="need", query=type(asked[0])(any=("flight", "delivery")))
    begin = time.process_time()
    while watches.fill():
        pass
    taken = time.process_time() - begin
    watch.refresh_from_db()
    note = f"{watch.hits_count:,} hits of {FILED:,} messages, written in steps; of CPU"
    measure.report("a new watch gone through the past", 1000 * taken, "ms", note=note)
    watches.pause(watch, active=False)


def main() -> None:
    measure.start("watches")
    source, said = texts()
    asked = queries(said, WATCHES)
    bench_matcher(source, said, asked)
    bench_rows(said, asked)


if __name__ == "__main__":
    main()
