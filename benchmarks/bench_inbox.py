"""Inbox list, conversation page and word search in stores of 10,000, 100,000 and a million conversations.

Pages are whole answers of the web application (middleware, rights, queries, template), without the network.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import measure, stores

SIZES = (10_000, 100_000, 1_000_000)
TIMES = 300
GOALS = {"inbox list page": "<= 50", "word search": "<= 60"}  # milliseconds at the largest size
FLAT = {"inbox list page", "inbox list rows", "conversation page"}  # 1 M / 10 k at most 1.5


def main() -> None:
    seen: dict[tuple[str, int], float] = {}
    for size in SIZES:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_inbox", str(size)], check=True, stdout=subprocess.PIPE, text=True
        )
        for line in done.stdout.splitlines():
            figure = json.loads(line)
            seen[figure["name"].split(",")[0], size] = figure["value"]
            sys.stdout.write(line + "\n")
    for what in sorted({name for name, _ in seen}):
        ratio = seen[what, SIZES[-1]] / seen[what, SIZES[0]]
        goal = "<= 1.5" if what in FLAT else ""
        measure.report(f"{what}, 1 M / 10 k", ratio, "times", goal=goal, n=TIMES, peak=0)


def at(size: int) -> None:
    home = stores.start(size, "inbox")
    from django.test import Client

    from crowdalogue.act import inbox
    from crowdalogue.models import User
    from crowdalogue.text import search

    user = User.objects.get(pk=1)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    chance = random.Random(5)

    def get(address: str) -> None:
        answer = client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        assert answer.content

    lists = cycle(list(asked(user)))
    report("inbox list page", size, lambda: get(next(lists)))
    queues = cycle(["team", "mine", "older", "closed", "all"])
    report("inbox list rows", size, lambda: inbox.page(user, next(queues)))
    report("conversation page", size, lambda: get(f"/inbox/{chance.randint(1, size)}/"))
    words = cycle(queries(chance))
    report("word search", size, lambda: search.search(user, next(words)))
    shutil.rmtree(home, ignore_errors=True)


def asked(user: Any) -> Iterator[str]:
    """The first pages of every queue, a second page of the large ones, and a filtered one."""
    from crowdalogue.act import inbox

    for queue in ("team", "mine", "older", "closed", "all"):
        yield f"/inbox/?queue={queue}"
        found = inbox.page(user, queue)
        if found.after:
            yield f"/inbox/?queue={queue}&after={found.after.replace('+', '%2B')}"
    yield "/inbox/?queue=team&brand=2"


def queries(chance: random.Random) -> list[str]:
    """Common, middling and rare words, alone and together, and a phrase."""
    common, middling, rare = stores.WORDS[:40], stores.WORDS[200:2000], stores.WORDS[8000:15000]
    found = []
    for _ in range(12):
        found += [chance.choice(common), chance.choice(middling), chance.choice(rare)]
        found += [
            f"{chance.choice(common)} {chance.choice(middling)}",
            f"{chance.choice(common)} {chance.choice(common)}",
        ]
        found.append(f'"{chance.choice(common)} {chance.choice(common)}"')
    return found


def cycle(values: list[str]) -> Iterator[str]:
    while True:
        yield from values


def report(what: str, size: int, work: Callable[[], object]) -> None:
    taken, cpu = measure.timed_both(work, TIMES, warm_up=40)
    goal = GOALS.get(what, "") if size == SIZES[-1] else ""
    note = f"median {measure.quantile(taken, 0.5):.1f}; of CPU p95 {measure.quantile(cpu, 0.95):.1f} ms"
    measure.report(f"{what}, p95 at {size:,}", measure.quantile(taken, 0.95), "ms", goal=goal, n=TIMES, note=note)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        at(int(sys.argv[1]))
    else:
        main()
