"""Many doors at once, and everything goes wrong: webhook, a bot API that is asked, mail and a file, with repeats,
reordering, calls that fail, and kill -9 of every process every few seconds. Then: lost 0, twice 0, stuck 0.

`make test` runs a short form; `make chaos` 100,000 messages on each store.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from crowdalogue.channels.webhook import HEADER, sign
from tests import mailserver
from tests.servers import free_port, wait_until
from tests.test_chaos import AGENT, PASSWORD, TEN_MINUTES_PASS, Program

pytestmark = [pytest.mark.peer, pytest.mark.skipif(bool(mailserver.missing()), reason=mailserver.missing())]

CARE = "care@example.com"
SECRET = "flood-secret-of-at-least-16"
TOKEN = "123456:flood"
REPEATED = 0.2
FAILING = 0.1
START = datetime(2026, 3, 1, tzinfo=UTC)

PREPARE = """
import json, sys
from crowdalogue import flow
from crowdalogue.models import Company, User
given = json.loads(sys.argv[3])
Company.objects.create(name="Northwind Example")
User.objects.create_user(sys.argv[1], sys.argv[2], name="Hana Helper", role="agent")
hook = flow.connect("webhook", "Shop", {"secret": given["secret"], "proof": "signature"})
flow.connect("telegram", "Bot", {"token": given["token"], "server": given["bot"]}, check=False)
flow.connect("email", "Care", given["mail"])
print(hook.key)
"""

STATE = """
import json
from collections import Counter
from crowdalogue.models import Account, Conversation, Delivery, Import, Message
print(json.dumps({
    "filed": Counter(Message.objects.filter(direction="in").values_list("account__kind", flat=True)),
    "unread": Message.objects.filter(direction="in", read_at=None).count(),
    "waiting": Delivery.objects.filter(state="kept").count(),
    "failed": list(Delivery.objects.filter(state="failed").values_list("reason", flat=True)[:5]),
    "accounts": list(Account.objects.exclude(last_error="").values_list("kind", "last_error")),
    "imports": Counter(Import.objects.values_list("state", flat=True)),
}))
"""

NAMES = """
import json, sys
from crowdalogue.models import Message
rows = Message.objects.filter(direction="in", account__kind=sys.argv[1])
print(json.dumps(sorted(rows.values_list("external_id", "conversation_id"))))
"""


@dataclass(frozen=True)
class Talk:
    """A conversation of a few messages; `number` names it and its messages."""

    door: str
    number: int
    size: int

    def ids(self) -> list[str]:
        return [f"{self.door}-{self.number}-{place}" for place in range(self.size)]


def talks_of(door: str, messages: int, chance: random.Random) -> list[Talk]:
    found: list[Talk] = []
    left = messages
    while left:
        size = min(left, chance.choice((1, 1, 1, 2, 3, 5)))
        found.append(Talk(door, len(found) + 1, size))
        left -= size
    return found


def shuffled(things: Sequence[Any], chance: random.Random, reach: int = 50) -> list[Any]:
    """Out of order, but not further than a real network would: each thing moves by at most about `reach` places."""
    return [thing for _, thing in sorted((n + chance.uniform(0, reach), thing) for n, thing in enumerate(things))]


def text_of(name: str) -> str:
    return f"Hello, where is parcel {name}? It should have been here on Monday."


# --- the webhook: batches, some sent again, each retried until it is taken


class Shop(threading.Thread):
    """Posts messages in batches; every fifth delivery goes out twice, and a lost answer means sending it again."""

    def __init__(self, url: str, talks: Sequence[Talk], chance: random.Random) -> None:
        super().__init__(name="shop", daemon=True)
        self.url, self.chance = url, chance
        self.errors: Counter[str] = Counter()
        items = [item for talk in talks for item in self.items(talk)]
        items += chance.sample(items, int(len(items) * REPEATED))  # the same message in another delivery
        self.items_to_send = shuffled(items, chance)

    def items(self, talk: Talk) -> list[dict[str, Any]]:
        names = talk.ids()
        return [
            {
                "id": name,
                "author": f"c{talk.number}@customers.example.org",
                "name": f"Customer {talk.number}",
                "text": text_of(name),
                "sent_at": (START + timedelta(minutes=talk.number, seconds=n)).isoformat(),
                **({"in_reply_to": names[n - 1]} if n else {}),
            }
            for n, name in enumerate(names)
        ]

    def run(self) -> None:
        with httpx.Client(timeout=30) as client:
            rest = list(self.items_to_send)
            while rest:
                size = self.chance.randint(1, 40)
                batch, rest = rest[:size], rest[size:]
                for _ in range(2 if self.chance.random() < REPEATED else 1):
                    self.post(client, json.dumps({"messages": batch}).encode())

    def post(self, client: httpx.Client, body: bytes) -> None:
        """Until it is taken, as a provider retries."""
        while True:
            with contextlib.suppress(httpx.HTTPError):
                header = {HEADER: sign(SECRET, body, int(time.time()))}
                answer = client.post(self.url, content=body, headers=header)
                if answer.status_code == 200:
                    return
                self.errors[str(answer.status_code)] += 1
            self.errors["again"] += 1
            time.sleep(0.3)


# --- a bot API that is asked, and fails every tenth call


class BotServer:
    """getUpdates as Telegram answers it: from an offset on, kept until a higher one was asked for."""

    def __init__(self, talks: Sequence[Talk], chance: random.Random) -> None:
        messages = [self.message(talk, n) for talk in talks for n in range(talk.size)]
        messages += chance.sample(messages, int(len(messages) * REPEATED))
        self.updates = [{"update_id": n, "message": m} for n, m in enumerate(shuffled(messages, chance), 1)]
        self.calls: Counter[str] = Counter()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                outer.answer(self, body)

            do_GET = do_POST

            def log_message(self, *args: object) -> None:
                pass

        self.chance = chance
        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @staticmethod
    def message(talk: Talk, place: int) -> dict[str, Any]:
        chat = {"id": talk.number, "type": "private", "first_name": f"Customer {talk.number}"}
        at = int((START + timedelta(minutes=talk.number, seconds=place)).timestamp())
        text = text_of(f"{talk.door}-{talk.number}-{place}")
        return {"message_id": place + 1, "date": at, "chat": chat, "from": {**chat, "is_bot": False}, "text": text}

    def answer(self, door: BaseHTTPRequestHandler, body: bytes) -> None:
        method = urlsplit(door.path).path.rsplit("/", 1)[-1]
        self.calls[method] += 1
        status, told = 200, {"ok": True, "result": self.result(method, door.path, body)}
        if self.chance.random() < FAILING:
            status, told = self.chance.choice(
                (
                    (500, {"ok": False, "error_code": 500, "description": "Internal Server Error"}),
                    (429, {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1",
                           "parameters": {"retry_after": 1}}),
                )
            )  # fmt: skip
            self.calls["failed"] += 1
        content = json.dumps(told).encode()
        door.send_response(status)
        door.send_header("content-type", "application/json")
        door.send_header("content-length", str(len(content)))
        door.end_headers()
        door.wfile.write(content)

    def result(self, method: str, path: str, body: bytes) -> Any:
        if method.lower() != "getupdates":
            return {"id": 123456, "is_bot": True, "first_name": "Bot", "username": "northwind_bot", "url": ""}
        given: dict[str, Any] = {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
        with contextlib.suppress(ValueError):
            given |= json.loads(body or b"{}")
        offset, limit = int(given.get("offset", 0)), int(given.get("limit", 100))
        return [u for u in self.updates[max(0, offset - 1) :] if u["update_id"] >= offset][:limit]


# --- mail, and a file


def send_mails(server: mailserver.MailServer, talks: Sequence[Talk], chance: random.Random) -> None:
    mails = [mail for talk in talks for mail in mails_of(talk)]
    mails += chance.sample(mails, int(len(mails) * REPEATED))  # the same mail delivered twice
    for content in shuffled(mails, chance, reach=20):
        server.deliver(CARE, content)


def mails_of(talk: Talk) -> list[bytes]:
    found: list[bytes] = []
    names = [f"<{name}@customers.example.org>" for name in talk.ids()]
    for n, name in enumerate(names):
        mail = EmailMessage()
        mail["Message-ID"] = name
        if n:
            mail["In-Reply-To"] = names[n - 1]
        mail["From"], mail["To"] = f"Customer {talk.number} <c{talk.number}@customers.example.org>", CARE
        mail["Subject"], mail["Date"] = f"Parcel {talk.number}", START + timedelta(minutes=talk.number, seconds=n)
        mail.set_content(text_of(talk.ids()[n]) + "\n")
        found.append(bytes(mail))
    return found


def write_file(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """The webhook's messages again, as an export of the same shop, and more that came by no other door."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "author", "author name", "text", "sent at", "in reply to"])
        for r in rows:
            writer.writerow([r["id"], r["author"], r["name"], r["text"], r["sent_at"], r.get("in_reply_to", "")])


@dataclass
class Importer(threading.Thread):
    """`crowdalogue import`, killed now and then, and run again until it ends well."""

    program: Program
    path: Path
    process: subprocess.Popen[bytes] | None = None
    runs: int = 0
    done: bool = False

    def __post_init__(self) -> None:
        super().__init__(name="importer", daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while self.runs < 200 and not self.done:
            self.runs += 1
            with (self.program.folder / "import.log").open("ab") as log:
                self.process = subprocess.Popen(
                    ["crowdalogue", "import", str(self.path), "--account", "Shop", "--json"],
                    env=self.program.environment, cwd=self.program.folder, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log,
                )  # fmt: skip
                self.done = self.process.wait() == 0

    def kill(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        return True


# --- the whole of it


@dataclass
class Flood:
    """What was sent by each door, and what must be there in the end."""

    messages: int
    chance: random.Random
    shop: list[Talk] = field(default_factory=list)
    bot: list[Talk] = field(default_factory=list)
    mail: list[Talk] = field(default_factory=list)
    file: list[Talk] = field(default_factory=list)

    def __post_init__(self) -> None:
        shares = {"shop": 0.45, "bot": 0.2, "mail": 0.05}
        for name, share in shares.items():
            setattr(self, name, talks_of(name, int(self.messages * share), self.chance))
        rest = self.messages - sum(int(self.messages * share) for share in shares.values())
        self.file = talks_of("file", rest, self.chance)

    def wanted(self) -> dict[str, list[Talk]]:
        return {"webhook": [*self.shop, *self.file], "telegram": self.bot, "email": self.mail}


def flood(
    environment: dict[str, str], folder: Path, *, messages: int, every: float, patience: float, aged: bool
) -> str:
    """Send everything at once while processes are killed; returns the line that says how it ended."""
    sent = Flood(messages, random.Random(messages))
    server = BotServer(sent.bot, random.Random(1))
    with mailserver.mail_server() as mail:
        program = Program(environment, folder)
        program.script("from django.core.management import call_command; call_command('migrate', verbosity=0)")
        given = {"secret": SECRET, "token": TOKEN, "bot": server.url, "mail": mail.settings(CARE)}
        key = program.script(PREPARE, AGENT, PASSWORD, json.dumps(given)).strip()
        program.start()
        try:
            kills = storm(program, sent, mail, f"{program.url}/hooks/{key}/", every)
            if aged:
                program.stop()
                program.script(TEN_MINUTES_PASS)
                program.start()
            state = settle(program, sent, patience)
            return judge(program, sent, state, kills, server)
        finally:
            program.stop()
            server.server.shutdown()


def storm(program: Program, sent: Flood, mail: mailserver.MailServer, hook: str, every: float) -> Counter[str]:
    """All doors at once, and a process dies every few seconds, until everything was sent."""
    half = random.Random(3)
    shops = [Shop(hook, part, random.Random(n)) for n, part in enumerate((sent.shop[::2], sent.shop[1::2]))]
    rows = [item for talk in sent.file for item in shops[0].items(talk)]
    rows += [item for talk in half.sample(sent.shop, len(sent.shop) // 4) for item in shops[0].items(talk)]
    path = program.folder / "export.csv"
    write_file(path, shuffled(rows, half, reach=200))
    importer = Importer(program, path)
    postman = threading.Thread(target=send_mails, args=(mail, sent.mail, half), daemon=True)
    parts: list[threading.Thread] = [*shops, importer, postman]
    for part in parts:
        part.start()
    chance = random.Random(7)
    ends = time.monotonic() + 3000
    while any(part.is_alive() for part in parts) and time.monotonic() < ends:
        time.sleep(every * chance.uniform(0.5, 1.5))
        victim = chance.choice(("web", "worker", "import"))
        if victim != "import":
            program.kill(victim)
        elif importer.runs < 6 and importer.kill():  # it must get somewhere between two deaths
            program.kills["import"] += 1
    assert not any(part.is_alive() for part in parts), "not everything was sent"
    assert importer.done, (program.folder / "import.log").read_text()[-2000:]
    return program.kills


def settle(program: Program, sent: Flood, patience: float) -> dict[str, Any]:
    state: dict[str, Any] = {}
    wanted = {kind: sum(t.size for t in talks) for kind, talks in sent.wanted().items()}

    def settled() -> bool:
        nonlocal state
        time.sleep(1)
        state = json.loads(program.script(STATE))
        there = all(state["filed"].get(kind, 0) >= n for kind, n in wanted.items())
        return there and not state["unread"] and not state["waiting"]

    try:
        wait_until(settled, patience, "everything filed and read")
    except AssertionError as error:
        raise AssertionError(f"{error}; wanted {wanted}, is {state}\n{program.log()}") from error
    return state


def judge(program: Program, sent: Flood, state: dict[str, Any], kills: Counter[str], server: BotServer) -> str:
    lost = twice = 0
    name_of: dict[str, Callable[[Talk, int], str]] = {
        "webhook": lambda talk, n: talk.ids()[n],
        "telegram": lambda talk, n: f"{talk.number}:{n + 1}",
        "email": lambda talk, n: f"{talk.ids()[n]}@customers.example.org",
    }
    for kind, talks in sent.wanted().items():
        rows = [(name.strip("<>"), conversation) for name, conversation in json.loads(program.script(NAMES, kind))]
        there = dict(rows)
        wanted = {name_of[kind](talk, n) for talk in talks for n in range(talk.size)}
        assert set(there) <= wanted, f"{kind}: messages nobody sent, such as {sorted(set(there) - wanted)[:3]}"
        lost += len(wanted - set(there))
        twice += len(rows) - len(there)
        for talk in talks:
            homes = {there.get(name_of[kind](talk, n)) for n in range(talk.size)}
            assert len(homes) == 1, f"{kind}: talk {talk.number} lies in {len(homes)} conversations"
    stuck = state["unread"] + state["waiting"] + len(state["failed"])
    line = (
        f"lost {lost}, twice {twice}, stuck {stuck} ({sent.messages:,} messages, killed {dict(kills)}, "
        f"{server.calls['failed']} of {sum(server.calls.values()) - server.calls['failed']} calls failed)"
    )
    assert (lost, twice, stuck) == (0, 0, 0), f"{line}; {state}"
    return line


@pytest.mark.timeout(420)
def test_nothing_is_lost_through_four_doors_at_once(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    line = flood(fresh_environment, tmp_path, messages=900, every=4, patience=240, aged=True)
    assert line.startswith("lost 0, twice 0, stuck 0")


@pytest.mark.chaos
@pytest.mark.timeout(7200)
def test_nothing_is_lost_in_a_hundred_thousand(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    messages = int(os.environ.get("FLOOD", "100000"))
    print(flood(fresh_environment, tmp_path, messages=messages, every=6, patience=3600, aged=False))
