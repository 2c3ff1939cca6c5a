"""Mail to conversation: kept durably, parsed, threaded, filed, its clock started; beside django-helpdesk.

The mails come as from a poll, 200 at a time (`flow.poll` without the network), and one by one, as from a webhook.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from benchmarks import mails, measure, stores
from benchmarks.peers import environment

OURS = 3000
SINGLE = 400
THEIRS = 300
PEER = environment.HERE / "helpdesk"


def theirs(conversations: int) -> None:
    home = measure.scratch("helpdesk")
    folder = home / "mails"
    folder.mkdir()
    for number, content in enumerate(mails.make(THEIRS)):
        (folder / f"{number:06}.eml").write_bytes(content)
    command = [environment.python("helpdesk"), PEER / "file_mails.py", home, folder, str(conversations)]
    around = {k: v for k, v in os.environ.items() if not k.startswith(("CROWDALOGUE_", "DJANGO_"))}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=around)
    found = json.loads(done.stdout)
    assert found["filed"] == THEIRS, found
    name = f"django-helpdesk at {conversations:,}"
    measure.report(name, THEIRS / found["seconds"], "mails/s", n=THEIRS, peak=found["peak_mb"])
    shutil.rmtree(home, ignore_errors=True)


def ours(conversations: int) -> None:
    """In a process of its own, so that each peak of memory is one store's."""
    subprocess.run([sys.executable, "-m", "benchmarks.bench_mail", str(conversations)], check=True)


def file_all(conversations: int) -> None:
    batches, single = mails.make(OURS, seed=1), mails.make(SINGLE, seed=2)
    home = stores.start(conversations, "mail")
    polled = poll_all(batches)
    report(f"polled, at {conversations:,}", conversations, polled, OURS)
    report(f"one by one, at {conversations:,}", conversations, receive_all(single), SINGLE)
    shutil.rmtree(home, ignore_errors=True)


def report(name: str, conversations: int, seconds: float, n: int) -> None:
    goal = ">= 420" if name.startswith("polled") else ""
    peer = f"django-helpdesk at {conversations:,}"
    measure.report(name, n / seconds, "mails/s", goal=goal, ratio_to=peer, n=n)


def mailbox() -> Any:
    from crowdalogue.models import Account

    found, _ = Account.objects.get_or_create(
        kind="email", name="Help", defaults={"settings": {"from_address": "help@example.com"}}
    )
    return found


def poll_all(contents: list[bytes]) -> float:
    from crowdalogue import flow
    from crowdalogue.channels.base import Fetched, Raw
    from crowdalogue.channels.email import Email
    from crowdalogue.models import Message

    class Box(Email):
        """A mailbox without the network."""

        def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
            at = int(cursor.get("at", 0))
            part = tuple(Raw(content, key=f"box-{n}") for n, content in enumerate(contents[at : at + limit], at))
            return Fetched(part, {"at": at + len(part)}, more=at + limit < len(contents))

    account = mailbox()
    channel = Box(account.all_settings)
    before = Message.objects.count()
    begin = time.perf_counter()
    more = True
    while more:
        _, more = flow.poll(account, channel)
    seconds = time.perf_counter() - begin
    assert Message.objects.count() - before == len(contents)
    return seconds


def receive_all(contents: list[bytes]) -> float:
    from crowdalogue import flow
    from crowdalogue.channels.base import Raw
    from crowdalogue.models import Delivery

    account = mailbox()
    begin = time.perf_counter()
    for content in contents:
        delivery = flow.receive(account, Raw(content), trusted=True)
        assert delivery.state == Delivery.State.FILED, delivery.reason
    return time.perf_counter() - begin


def main() -> None:
    for conversations in (0, 1_000_000):
        theirs(conversations)
        ours(conversations)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        file_all(int(sys.argv[1]))
    else:
        main()
