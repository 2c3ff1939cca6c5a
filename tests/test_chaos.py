"""The real program against a real mail server, killed with -9 at random moments while customers write and an agent
answers: no message lost or twice, no reply silently lost, none sent twice by itself.

`make test` runs a short form in which the leases of dead workers are aged by hand; `make chaos` the whole of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import mailserver
from tests.servers import stop, wait_until

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(bool(mailserver.missing()), reason=mailserver.missing()),
]
CARE = "care@example.com"
AGENT, PASSWORD = "hana@example.com", "correct horse battery"

PREPARE = """
import json, sys
from crowdalogue import flow
from crowdalogue.models import Company, User
Company.objects.create(name="Northwind Example")
User.objects.create_user(sys.argv[1], sys.argv[2], name="Hana Helper", role="agent")
flow.connect("email", "Care", json.loads(sys.argv[3]))
"""

STATE = """
import json
from crowdalogue.models import Account, Delivery, Message, Reply
print(json.dumps({
    "inbound": list(Message.objects.filter(direction="in").values_list("external_id", flat=True)),
    "unread": Message.objects.filter(direction="in", read_at=None).count(),
    "deliveries": list(Delivery.objects.exclude(state="filed").values_list("state", "reason")),
    "replies": list(Reply.objects.values("key", "state", "reason", "message__external_id", "message__text")),
    "accounts": list(Account.objects.values_list("state", "last_error")),
}))
"""

# What waiting ten minutes does to the claims of workers that died; every claim is left by a dead one when it runs.
TEN_MINUTES_PASS = """
from datetime import timedelta
from django.db.models import F
from crowdalogue.models import Account, Delivery, Message, Reply
past = timedelta(minutes=10)
Delivery.objects.filter(state="kept").update(claimed_at=F("claimed_at") - past, received_at=F("received_at") - past)
Message.objects.filter(read_at=None).update(claimed_at=F("claimed_at") - past)
Reply.objects.filter(state="sending").update(claimed_at=F("claimed_at") - past)
Account.objects.update(leased_until=F("leased_until") - past)
"""


@dataclass
class Program:
    """`crowdalogue run` in an environment of its own."""

    environment: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        return self.environment["CROWDALOGUE_URL"]

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["crowdalogue", "run"],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self.answers, 60, "crowdalogue run")

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log()
        try:
            return httpx.get(f"{self.url}/accounts/login/", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def log(self) -> str:
        return (self.folder / "log").read_text()[-4000:]

    def children(self) -> dict[str, int]:
        """The web server's and the worker's process id, whichever live now."""
        assert self.process is not None
        found = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if parent == self.process.pid:
                    found["web" if b"serve" in words else "worker"] = int(entry.name)
        return found

    def kill(self, name: str) -> None:
        pid = self.children().get(name)
        if pid is not None:  # it may be between two lives
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills[name] += 1

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, signal.SIGINT, seconds=60)
            self.process = None

    def script(self, code: str, *arguments: str) -> str:
        """Run a few lines on the same store."""
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "crowdalogue.settings"}
        code = f"import django; django.setup()\n{code}"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment, cwd=self.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.script(STATE))
        return found


class Agent(threading.Thread):
    """Signs in and answers every conversation once, on its page; where the line breaks, the same form again."""

    def __init__(self, url: str) -> None:
        super().__init__(name="agent", daemon=True)
        self.url, self.ended, self.errors = url, threading.Event(), Counter[str]()
        self.client = httpx.Client(base_url=url, timeout=20, follow_redirects=False)
        self.forms: dict[str, dict[str, str]] = {}  # conversation -> the form as it was drawn
        self.accepted: dict[str, str] = {}  # conversation -> key
        self.problem = ""

    def run(self) -> None:
        try:
            while not self.ended.is_set():
                if not self.turn():
                    self.ended.wait(0.5)
        except Exception as problem:  # noqa: BLE001 - shown by the test, which waits for the answers
            self.problem = repr(problem)

    def turn(self) -> int:
        """Answer what is not answered; returns how many were."""
        done = 0
        try:
            self.sign_in()
            for conversation in self.conversations():
                if self.ended.is_set():
                    return done
                if conversation not in self.accepted:
                    self.answer(conversation)
                    done += 1
        except httpx.HTTPError as error:  # the web server was killed, or is starting
            self.errors[type(error).__name__] += 1
        return done

    def sign_in(self) -> None:
        if "sessionid" in self.client.cookies:
            return
        token = self.token(self.page("/accounts/login/"))
        form = {"csrfmiddlewaretoken": token, "login": AGENT, "password": PASSWORD}
        answer = self.client.post("/accounts/login/", data=form, headers={"Referer": self.url})
        assert answer.status_code == 302, answer.text[:1000]

    def page(self, address: str) -> str:
        answer = self.client.get(address)
        answer.raise_for_status()  # cut off by the server's end: asked again
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        return answer.text

    @staticmethod
    def token(page: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found
        return found[1]

    def conversations(self) -> Iterator[str]:
        address = "/inbox/?queue=all"
        while address:
            page = self.page(address)
            yield from dict.fromkeys(re.findall(r'href="/inbox/(\d+)/', page))
            following = re.search(r'href="(/inbox/\?[^"]*after=[^"]*)"', page)
            address = following[1].replace("&amp;", "&") if following else ""

    def answer(self, conversation: str) -> None:
        if conversation not in self.forms:
            page = self.page(f"/inbox/{conversation}/")
            key = re.search(r'name="key" value="([^"]+)"', page)
            assert key
            self.forms[conversation] = {"csrfmiddlewaretoken": self.token(page), "key": key[1], "as": "reply"}
        form = {**self.forms[conversation], "text": f"We look into it. Case {conversation}.", "then": ""}
        said = self.client.post(f"/inbox/{conversation}/say/", data=form, headers={"Referer": self.url})
        if said.status_code >= 500:
            said.raise_for_status()
        assert said.status_code == 302, f"{said.status_code}: {said.text[:500]}"
        self.accepted[conversation] = re.sub(r"[^A-Za-z0-9]", "-", form["key"])  # as it is kept


def customers(server: mailserver.MailServer, count: int, seconds: float, chance: random.Random) -> list[str]:
    """Write `count` mails by SMTP over about so many seconds; every fifth goes on with an earlier one."""
    sent: list[str] = []
    for number in range(count):
        mail = EmailMessage()
        mail["Message-ID"] = f"<chaos.{number}@customers.example.org>"
        earlier = chance.randrange(number) if number and number % 5 == 0 else None
        customer = earlier if earlier is not None else number
        if earlier is not None:
            mail["In-Reply-To"] = sent[earlier]
        mail["From"], mail["To"] = f"Customer {customer} <c{customer}@customers.example.org>", CARE
        mail["Subject"] = f"Parcel {customer}"
        mail.set_content(f"Hello, where is parcel number {number}? It should have been here on Monday.\n")
        post(server, mail)
        sent.append(str(mail["Message-ID"]))
        time.sleep(seconds / count * chance.uniform(0.2, 1.8))
    return sent


def post(server: mailserver.MailServer, mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", server.smtp) as door:
        door.send_message(mail)


def delivered(server: mailserver.MailServer) -> Counter[str]:
    """How often each of our answers reached a customer's mail server, by Message-ID."""
    ours = [content for recipients, content in list(server.sent) if CARE not in recipients]
    return Counter(str(message_from_bytes(content, policy=policy.default)["Message-ID"]).strip() for content in ours)


def settle(program: Program, agent: Agent, sent: list[str], seconds: float) -> dict[str, Any]:
    """Wait until everything is filed and read, and no reply is on its way; returns the state of the store."""
    state: dict[str, Any] = {}

    def settled() -> bool:
        nonlocal state
        time.sleep(1)
        assert not agent.problem, agent.problem
        state = program.state()
        moving = {r["state"] for r in state["replies"]} & {"queued", "sending"}
        answered = len(agent.accepted) >= conversations_of(sent)
        return len(state["inbound"]) >= len(sent) and not state["unread"] and not moving and answered

    try:
        wait_until(settled, seconds, "everything filed, read and sent")
    except AssertionError as error:
        raise AssertionError(f"{error}; {summary(state, agent)}\n{program.log()}") from error
    return state


def conversations_of(sent: list[str]) -> int:
    """How many conversations `customers` began."""
    return sum(1 for number in range(len(sent)) if not (number and number % 5 == 0))


def summary(state: dict[str, Any], agent: Agent) -> str:
    replies = Counter(r["state"] for r in state.get("replies", []))
    return (
        f"inbound {len(state.get('inbound', []))}, unread {state.get('unread')}, replies {dict(replies)}, "
        f"accepted {len(agent.accepted)}, deliveries {state.get('deliveries')}, accounts {state.get('accounts')}, "
        f"agent errors {dict(agent.errors)}"
    )


def judge(state: dict[str, Any], agent: Agent, server: mailserver.MailServer, sent: list[str]) -> None:
    filed = Counter(state["inbound"])
    assert {k.strip("<>") for k in filed} == {m.strip("<>") for m in sent}, "a mail was lost, or one came from nowhere"
    assert max(filed.values()) == 1, "a mail was filed twice"
    assert state["deliveries"] == []
    replies = {r["key"]: r for r in state["replies"]}
    assert set(agent.accepted.values()) <= set(replies), "an answer that the page took is not there"
    assert len(replies) == len(agent.accepted), "an answer is there twice"
    arrived = delivered(server)
    assert max(arrived.values()) == 1, "a customer got an answer twice"
    names = {name.strip("<>") for name in arrived}
    for reply in replies.values():
        there = reply["message__external_id"].strip("<>") in names
        assert reply["state"] in ("sent", "failed", "uncertain"), reply
        if reply["state"] == "sent":
            assert there, f"said to be sent, and nobody got it: {reply}"
        else:
            assert reply["reason"], "what went wrong is not said"
    known = {r["message__external_id"].strip("<>") for r in replies.values()}
    assert names <= known, "a customer got a mail that nobody wrote"


def storm(
    environment: dict[str, str], folder: Path, *, mails: int, kills: int, seconds: float, patience: float, aged: bool
) -> Counter[str]:
    """The whole of it; returns the states the replies ended in."""
    chance = random.Random(mails)
    with mailserver.mail_server() as server:
        program = Program(environment, folder)
        program.script("from django.core.management import call_command; call_command('migrate', verbosity=0)")
        program.script(PREPARE, AGENT, PASSWORD, json.dumps(server.settings(CARE)))
        program.start()
        agent = Agent(program.url)
        try:
            agent.start()
            sent: list[str] = []
            writers = threading.Thread(target=lambda: sent.extend(customers(server, mails, seconds, chance)))
            writers.start()
            for _ in range(kills):
                time.sleep(seconds / kills * chance.uniform(0.3, 1.7))
                program.kill(chance.choice(("web", "worker", "worker")))
            writers.join()
            if aged:
                program.stop()
                program.script(TEN_MINUTES_PASS)
                program.start()
            state = settle(program, agent, sent, patience)
            agent.ended.set()
            agent.join(30)
            program.stop()
            judge(state, agent, server, sent)
        finally:
            agent.ended.set()
            program.stop()
        assert sum(program.kills.values()) >= kills * 0.6, program.kills
        return Counter(r["state"] for r in state["replies"])


@pytest.mark.timeout(240)
def test_nothing_is_lost_when_parts_are_killed(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    ended = storm(fresh_environment, tmp_path, mails=30, kills=5, seconds=20, patience=120, aged=True)
    assert ended["sent"] >= 15


@pytest.mark.chaos
@pytest.mark.timeout(2400)
def test_nothing_is_lost_in_twenty_kills(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    ended = storm(fresh_environment, tmp_path, mails=200, kills=20, seconds=240, patience=900, aged=False)
    print(f"replies ended as {dict(ended)}")
    assert ended["sent"] >= 120
