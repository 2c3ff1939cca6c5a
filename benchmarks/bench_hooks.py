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
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import measure, stores

SECONDS = 20
RATE = 300  # deliveries a second
LONE = 40  # knocks one after the other with pauses, as on a quiet day
GOAL = "<= 100"  # ms, p99
PATIENCE = 120  # seconds within which a worker must have filed the rest

GRACE = 60  # seconds after the last was sent within which all must be answered

Answer = tuple[float, int]  # seconds from the scheduled time, status (0: none)


class Line(asyncio.Protocol):
    """One kept connection, with one request under way: as little work as a client can do, for it shares the cores."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.transport: asyncio.Transport | None = None
        self.due = 0.0
        self.number = -1  # of the request under way
        self.request = b""
        self.read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, number: int, request: bytes, due: float) -> None:
        assert self.transport is not None
        self.number, self.request, self.due, self.read = number, request, due, b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.read += data
        head, found, body = self.read.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) >= int(length):
            number, self.number = self.number, -1
            self.sender.answered(number, (time.perf_counter() - self.due, int(head[9:12])), self)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.number >= 0:
            self.sender.start(self.number, self.request, self.due)  # the same delivery again is nothing new


class Sender:
    """One provider: keeps its connections open, as providers do, and opens another when all are busy.

    What it sends is made and signed before the clock runs.
    """

    def __init__(self, port: int, account: Any) -> None:
        from crowdalogue.channels.webhook import HEADER, sign

        self.port, self.header, self.sign = port, HEADER, sign
        self.path, self.secret = f"/hooks/{account.key}/", str(account.all_settings["secret"])
        self.idle: list[Line] = []
        self.answers: dict[int, Answer] = {}
        self.under_way: set[asyncio.Task[None]] = set()
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

    def start(self, number: int, request: bytes, due: float) -> None:
        task = asyncio.ensure_future(self.send(number, request, due))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def send(self, number: int, request: bytes, due: float) -> None:
        while self.idle and self.idle[-1].transport is None:  # closed meanwhile
            self.idle.pop()
        line = self.idle.pop() if self.idle else await self.connect()
        line.ask(number, request, due)

    async def connect(self) -> Line:
        _, line = await asyncio.get_running_loop().create_connection(lambda: Line(self), "127.0.0.1", self.port)
        return line

    def answered(self, number: int, answer: Answer, line: Line) -> None:
        self.answers[number] = answer
        if line.transport is not None:
            self.idle.append(line)
        self.changed.set()

    async def steady(self, first: int, count: int, rate: float) -> list[Answer]:
        """Send `count` at `rate` a second, whatever becomes of those before. Status 0: not answered in time."""
        requests = [self.request(first + n) for n in range(count)]
        begin = time.perf_counter() + 0.1
        self.answers, self.changed = {}, asyncio.Event()
        for number, request in enumerate(requests):
            due = begin + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            self.start(number, request, due)
        await self.wait_for(count)
        return [self.answers.get(n, (time.perf_counter() - begin - n / rate, 0)) for n in range(count)]

    async def wait_for(self, count: int) -> None:
        end = time.monotonic() + GRACE
        while len(self.answers) < count and time.monotonic() < end:
            self.changed.clear()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.changed.wait(), 1)

    async def lone(self, first: int, count: int) -> list[Answer]:
        found = []
        for number in range(first, first + count):
            await asyncio.sleep(0.2)
            found += await self.steady(number, 1, 1)
        return found

    def close(self) -> None:
        for line in self.idle:
            if line.transport is not None:
                line.transport.close()
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
    with process("serve", home, port) as server, process("work", home, port) as worker:
        wait_for(port)
        sender = Sender(port, account)
        asyncio.run(warm_up(sender))
        lone = asyncio.run(alone(sender))
        count = RATE * SECONDS
        worked = [cpu_of(server.pid), cpu_of(worker.pid), time.process_time()]
        answers = asyncio.run(in_a_row(sender, count))
        served, sent = cpu_of(server.pid) - worked[0], time.process_time() - worked[2]
        took = wait_until_filed(Delivery)
        filed = cpu_of(worker.pid) - worked[1]
    report("webhook, one at a time", lone, "filed before the answer")
    report("webhook, durable", answers, f"{RATE}/s for {SECONDS} s", goal=GOAL)
    for name, seconds in (
        ("server, CPU a delivery", served),
        ("worker, CPU a delivery until the last was filed (filing and reading)", filed),
        ("the benchmark's own sender, CPU a delivery", sent),
    ):
        measure.report(f"webhook, {name}", 1000 * seconds / count, "ms", n=count, peak=0)
    measure.report("webhook, the last filed after", took, "s", n=count, peak=0)
    refused = [status for _, status in [*lone, *answers] if status not in (200, 202)]
    assert not refused, f"{len(refused)} of {count} were not taken: {sorted(set(refused))}"
    assert Delivery.objects.filter(state="filed").count() == count + LONE + 100, "a delivery is missing or not filed"
    assert Message.objects.count() == count + LONE + 100, "a message is missing or doubled"


async def warm_up(sender: Sender) -> None:
    await sender.steady(1_000_000, 100, 20)
    sender.close()


async def alone(sender: Sender) -> list[Answer]:
    await asyncio.sleep(3)
    found = await sender.lone(2_000_000, LONE)
    sender.close()
    return found


async def in_a_row(sender: Sender, count: int) -> list[Answer]:
    found = await sender.steady(0, count, RATE)
    sender.close()
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
