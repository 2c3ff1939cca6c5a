"""Webhook acceptance, durable: signed deliveries at a steady rate to a real server with a worker beside it, one disk.

The load is open: a delivery is sent when its time has come, whether or not those before it were answered, and its
latency counts from that time. Every answer 2xx must be a row that is there; in the end each must be filed once.
Beside it stands what the disk alone allows: one row a transaction in plain SQLite (WAL, synchronous=FULL).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import measure, stores

SECONDS = 20
RATE = 300  # deliveries a second
LONE = 40  # knocks one after the other with pauses, as on a quiet day
GOAL = "<= 100"  # ms, p99
PATIENCE = 120  # seconds within which a worker must have filed the rest

Answer = tuple[float, int]  # seconds from the scheduled time, status (0: none)


class Sender:
    """One provider: keeps its connections open, as providers do, and opens another when all are busy."""

    def __init__(self, port: int, account: Any) -> None:
        from crowdalogue.channels.webhook import HEADER, sign

        self.port, self.header, self.sign = port, HEADER, sign
        self.path, self.secret = f"/hooks/{account.key}/", str(account.all_settings["secret"])
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        texts = stores.Maker(random.Random(5), datetime.now(UTC)).texts
        self.texts = texts[:2000]

    def request(self, number: int) -> bytes:
        customer = number % 5000
        item = {
            "id": f"bench-{number}",
            "author": f"customer{customer}@example.com",
            "name": f"Customer {customer}",
            "text": self.texts[number % len(self.texts)],
            "thread": f"chat-{number // 3}",
        }
        body = json.dumps({"messages": [item]}).encode()
        signature = self.sign(self.secret, body, int(time.time()))
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
            f"{self.header}: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def send(self, number: int, due: float) -> Answer:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        status = 0
        for _ in range(3):  # an idle connection may have been closed meanwhile; the same delivery again is nothing new
            try:
                status = await self.exchange(self.request(number))
                break
            except (OSError, asyncio.IncompleteReadError):
                self.idle.clear()
        return time.perf_counter() - due, status

    async def exchange(self, request: bytes) -> int:
        """The status of the answer."""
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:"))
        await reader.readexactly(length)
        self.idle.append((reader, writer))
        return int(head.split(b" ", 2)[1])

    async def steady(self, first: int, count: int, rate: float) -> list[Answer]:
        begin = time.perf_counter() + 0.1
        return list(await asyncio.gather(*(self.send(first + n, begin + n / rate) for n in range(count))))

    async def lone(self, first: int, count: int) -> list[Answer]:
        found = []
        for number in range(first, first + count):
            await asyncio.sleep(0.2)
            found.append(await self.send(number, time.perf_counter()))
        return found

    async def close(self) -> None:
        for _, writer in self.idle:
            writer.close()
        self.idle.clear()


@contextmanager
def process(command: str, home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "CROWDALOGUE_HOME": str(home),
        "CROWDALOGUE_URL": f"http://127.0.0.1:{port}",
        "CROWDALOGUE_LOG": "error",
    }
    started = subprocess.Popen([sys.executable, "-m", "crowdalogue", command], env=environment, cwd=measure.ROOT)
    try:
        yield started
    finally:
        started.terminate()
        started.wait(40)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def cpu_of(pid: int) -> float:
    """Seconds of CPU a process has had, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    home = stores.start(0, "hooks")
    report_disk(home)
    from crowdalogue import flow
    from crowdalogue.models import Company, Delivery, Message

    Company.objects.create(name="Northwind Example")
    account = flow.connect("webhook", "Shop", {}, check=False)
    port = free_port()
    with process("serve", home, port) as server, process("work", home, port):
        wait_for(port)
        sender = Sender(port, account)
        asyncio.run(warm_up(sender))
        lone = asyncio.run(alone(sender))
        count = RATE * SECONDS
        worked = cpu_of(server.pid)
        answers = asyncio.run(in_a_row(sender, count))
        worked = cpu_of(server.pid) - worked
        took = wait_until_filed(Delivery)
    report("webhook, one at a time", lone, "filed before the answer")
    rate = f"{RATE}/s for {SECONDS} s; server {1000 * worked / count:.1f} ms of CPU each"
    report("webhook, durable", answers, rate, goal=GOAL)
    measure.report("webhook, the last filed after", took, "s", n=count, peak=0)
    refused = [status for _, status in [*lone, *answers] if status not in (200, 202)]
    assert not refused, f"{len(refused)} of {count} were not taken: {sorted(set(refused))}"
    assert Delivery.objects.filter(state="filed").count() == count + LONE + 100, "a delivery is missing or not filed"
    assert Message.objects.count() == count + LONE + 100, "a message is missing or doubled"


async def warm_up(sender: Sender) -> None:
    await sender.steady(1_000_000, 100, 20)
    await sender.close()


async def alone(sender: Sender) -> list[Answer]:
    await asyncio.sleep(3)
    found = await sender.lone(2_000_000, LONE)
    await sender.close()
    return found


async def in_a_row(sender: Sender, count: int) -> list[Answer]:
    found = await sender.steady(0, count, RATE)
    await sender.close()
    return found


def wait_until_filed(deliveries: Any) -> float:
    begin = time.monotonic()
    while deliveries.objects.filter(state="kept").exists():
        if time.monotonic() - begin > PATIENCE:
            raise AssertionError(f"{deliveries.objects.filter(state='kept').count()} were not filed in {PATIENCE} s")
        time.sleep(0.05)
    return time.monotonic() - begin


def report(name: str, answers: list[Answer], note: str, goal: str = "") -> None:
    taken = sorted(1000 * seconds for seconds, _ in answers)
    words = f"{note}; median {measure.quantile(taken, 0.5):.1f}, most {taken[-1]:.0f} ms"
    measure.report(
        f"{name}, p99", measure.quantile(taken, 0.99), "ms", goal=goal, n=len(taken), note=words, peak=0,
        ratio_to="disk alone, one row a transaction, p99" if goal else "",
    )  # fmt: skip


def report_disk(home: Path, seconds: float = 3.0) -> None:
    """What fsync allows: one row of a delivery's size a transaction, by itself."""
    store = sqlite3.connect(home / "alone.sqlite3", isolation_level=None)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    store.execute("CREATE TABLE delivery (id INTEGER PRIMARY KEY, key TEXT UNIQUE, body BLOB)")
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        store.execute("INSERT INTO delivery(key, body) VALUES (?, ?)", (f"{len(taken):064}", os.urandom(600)))
        taken.append(1000 * (time.perf_counter() - begin))
    store.close()
    taken.sort()
    name = "disk alone, one row a transaction"
    measure.report(f"{name}, p99", measure.quantile(taken, 0.99), "ms", n=len(taken), peak=0)
    measure.report(name, len(taken) / seconds, "rows/s", n=len(taken), peak=0)


if __name__ == "__main__":
    main()
