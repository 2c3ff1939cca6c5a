"""Bulk import of a CSV of a million messages with everything filed: conversations, people, clocks, words to search."""

from __future__ import annotations

import csv
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import measure, stores

ROWS = 1_000_000
HEADER = ("tweet_id", "author_id", "inbound", "created_at", "text", "response_tweet_id", "in_response_to_tweet_id")
SPAN = 100_000  # the first and the last so many messages are compared


def write_csv(path: Path, rows: int) -> None:
    """Tweets to and from three brands: chains of two to four messages, a customer now and then for the second time."""
    chance = random.Random(3)
    texts = stores.Maker(chance, datetime.now(UTC)).texts
    at = datetime(2024, 1, 1, tzinfo=UTC)
    with path.open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(HEADER)
        number = 0
        while number < rows:
            customer, brand = chance.randrange(rows // 3), chance.choice(stores.BRANDS)
            at += timedelta(seconds=chance.expovariate(1 / 60))
            for place in range(min(chance.choice((2, 2, 3, 4)), rows - number)):
                number += 1
                inbound = place % 2 == 0
                when = (at + timedelta(minutes=17 * place)).strftime("%a %b %d %H:%M:%S +0000 %Y")
                to = f"@{brand}" if inbound else f"@{customer}"
                text = f"{to} {chance.choice(texts)}"
                author = customer if inbound else brand
                out.writerow((number, author, inbound, when, text, "", number - 1 if place else ""))


def main(rows: int) -> None:
    home = stores.start(0, "import")
    from crowdalogue import flow
    from crowdalogue.listen import imports
    from crowdalogue.models import Conversation, Message

    path = home / "tweets.csv"
    measure.say(f"writing {rows:,} rows")
    write_csv(path, rows)
    begin = time.perf_counter()
    marks: list[tuple[int, float]] = [(0, 0.0)]

    def progress(done: int, total: int | None, counts: dict[str, Any]) -> None:
        marks.append((done, time.perf_counter() - begin))

    imports.run(imports.begin(path), file=flow.file, progress=progress)
    seconds = time.perf_counter() - begin
    assert Message.objects.count() == rows, "not every row was filed"
    first, last = rate(marks, 0, SPAN), rate(marks, rows - SPAN, rows)
    measure.report("import, all", rows / seconds, "messages/s", goal=">= 3000", n=rows)
    measure.report(f"import, first {SPAN:,}", first, "messages/s", n=SPAN)
    name = f"import, first {SPAN:,}"
    measure.report(f"import, last {SPAN:,}", last, "messages/s", goal=">= 0.8 x", ratio_to=name, n=SPAN)
    measure.say(f"{Conversation.objects.count():,} conversations")


def rate(marks: list[tuple[int, float]], low: int, high: int) -> float:
    """Messages a second between two row numbers, from the marks nearest to them."""
    start = min(marks, key=lambda m: abs(m[0] - low))
    end = min(marks, key=lambda m: abs(m[0] - high))
    return (end[0] - start[0]) / (end[1] - start[1])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
