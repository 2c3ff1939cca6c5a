"""The worker: a few loops, each a thread, each safe beside the same loop in another process.

Rows are the jobs. A loop claims with a conditional update, does its part and asks again; when there is nothing
it rests. A process that is killed leaves claims that run out, and the next worker goes on.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from crowdalogue import flow, live
from crowdalogue.act import handling, replies
from crowdalogue.analyze import findings
from crowdalogue.channels import channel_kinds
from crowdalogue.errors import Failure
from crowdalogue.listen import imports, polling, runs
from crowdalogue.models import Account, Import

log = logging.getLogger(__name__)

REST = 0.3  # seconds a loop rests when it found nothing to do
FACTS_EVERY = 3.0  # well under the ten seconds that columns may be behind
AN_HOUR = 3600.0  # how often what is daily is looked for: the store says whether its day is over
POLL_EVERY = 30.0  # for channels that cannot wait for news


def worker_name() -> str:
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def work(stop: threading.Event, *, once: bool = False) -> None:
    """Run every loop until `stop` is set. With `once`, do all that is waiting and return (tests, cron)."""
    if once:
        drain()
        return
    loops = [
        Loop("process", lambda: flow.process() > 0, stop),
        Loop("deliver", lambda: flow.deliver() > 0, stop),
        Loop("deeds", lambda: flow.carry_out() > 0, stop, rest=1.0),
        Loop("files", lambda: flow.fetch_files() > 0, stop, rest=1.0),
        Loop("watches", flow.watch, stop, rest=2.0),
        Loop("people", lambda: flow.recognise().looked > 0, stop, rest=5.0),
        Loop("names", flow.propose_names, stop, rest=AN_HOUR),
        Loop("weekly", flow.tend_weekly, stop, rest=300.0),
        Loop("meanings", flow.mend_meanings, stop, rest=AN_HOUR),
        Loop("topics", flow.find_topics, stop, rest=600.0),
        Loop("topics asked for", flow.find_asked_topics, stop, rest=2.0),
        Loop("alarms", flow.watch_alarms, stop, rest=20.0),
        Loop("alarm trials", flow.replay_alarm_trials, stop, rest=1.0),
        Loop("categories", flow.tend_categories, stop, rest=2.0),
        Loop("pick up", lambda: flow.pick_up() > 0, stop, rest=0.5),
        Loop("housekeeping", keep_house, stop, rest=5.0),
        Loop("imports", lambda: run_imports(stop), stop, rest=1.0),
        Loop("facts", refresh_facts, stop, rest=FACTS_EVERY),
    ]
    replies.mark_cut_off(timezone.now())
    for loop in loops:
        loop.start()
    pollers = Pollers(stop)
    while not stop.wait(1.0):
        safely("pollers", pollers.tend)
    pollers.join()
    for loop in loops:
        loop.join(timeout=30)
    safely("release", lambda: polling.release(worker_name()))


def drain(limit: int = 10_000) -> None:
    """Everything that waits, in order, without threads. Accounts are polled until they have no more."""
    for account in Account.objects.filter(state=Account.State.ACTIVE, kind__in=polled_kinds()):
        more = True
        while more:
            try:
                _, more = flow.poll(account)
            except Failure as failure:
                log.warning("account %s: %s", account.pk, failure.text)
                break
    flow.pick_up()
    for _ in range(limit):
        if not flow.watch():
            break
    for _ in range(limit):
        if not flow.process():
            break
    for _ in range(limit):
        if not flow.tend_categories():
            break
    for _ in range(limit):
        if not flow.recognise().looked:
            break
    for _ in range(limit):
        if not flow.deliver():
            break
    for turn in (flow.carry_out, flow.fetch_files):
        for _ in range(limit):
            if not turn():
                break
    refresh_facts()
    flow.watch_alarms()
    flow.replay_alarm_trials()


class Loop(threading.Thread):
    """Calls `turn` again and again: at once while it returns True, after a rest when it did nothing."""

    def __init__(self, name: str, turn: Callable[[], bool], stop: threading.Event, *, rest: float = REST) -> None:
        super().__init__(name=name, daemon=True)
        self.turn, self.stop, self.rest = turn, stop, rest

    def run(self) -> None:
        while not self.stop.is_set():
            if not safely(self.name, self.turn):
                self.stop.wait(self.rest)
        connection.close()


def safely(name: str, turn: Callable[[], bool | int | None]) -> bool:
    """One turn. Whatever goes wrong is logged and the loop lives on; a store that is away is asked again later."""
    try:
        close_old_connections()
        return bool(turn())
    except Failure as failure:
        log.warning("%s: %s", name, failure.text)
    except DatabaseError as error:
        log.error("%s: the store did not answer (%s)", name, type(error).__name__)
        connection.close()
        time.sleep(1)
    except Exception:
        log.exception("%s stopped in the middle of a turn", name)
        time.sleep(1)
    return False


def keep_house() -> bool:
    now = timezone.now()
    woken = handling.wake()
    cut = replies.mark_cut_off(now)
    lost = findings.give_up(now)
    gone = live.forget_old() + findings.forget_bands(now)
    return bool(woken or cut or lost or gone)


def run_imports(stop: threading.Event) -> bool:
    """Run one waiting import to its end, or until `stop`; it resumes where its last batch ended."""
    run = runs.claim(timezone.now())
    if run is None:
        return False
    try:
        run_import(run, stop)
    except Failure as failure:
        log.warning("import %s: %s", run.pk, failure.text)
        runs.fail(run, failure.text, timezone.now())
    live.announce("import", run.pk)
    return True


def run_import(run: Import, stop: threading.Event | None = None, progress: Callable[..., None] | None = None) -> None:
    """A file of past messages, or the demo company: both are imports with a position."""
    if run.mapping.get("demo"):
        from crowdalogue.demo import loader

        loader.run(run, progress=progress, stop=stop)
    else:
        imports.run(run, file=flow.file, progress=progress, stop=stop)


def refresh_facts() -> bool:
    from crowdalogue.relate import facts

    facts.refresh()
    return False  # never at once again: the columns are allowed to be a few seconds behind


def polled_kinds() -> list[str]:
    return [kind for kind, channel in channel_kinds().items() if channel.polls]


class Pollers:
    """One thread for every account that must be asked, started and stopped as accounts come and go."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.threads: dict[int, Poller] = {}

    def tend(self) -> None:
        now = timezone.now()
        wanted = {}
        for account in Account.objects.filter(state=Account.State.ACTIVE, kind__in=polled_kinds())[:1000]:
            if polling.lease(account.pk, worker_name(), now):
                wanted[account.pk] = account
        for pk, thread in list(self.threads.items()):
            if pk not in wanted:
                thread.ended.set()
            if not thread.is_alive():
                del self.threads[pk]
        for pk in wanted:
            if pk not in self.threads:
                self.threads[pk] = Poller(pk, self.stop)
                self.threads[pk].start()

    def join(self) -> None:
        for thread in self.threads.values():
            thread.ended.set()
        for thread in self.threads.values():
            thread.join(timeout=20)


class Poller(threading.Thread):
    """Asks one account: until nothing is left, then waits for news or for a while, and again."""

    def __init__(self, account_id: int, stop: threading.Event) -> None:
        super().__init__(name=f"poll {account_id}", daemon=True)
        self.account_id = account_id
        self.stop = stop
        self.ended = threading.Event()

    def run(self) -> None:
        channel = None
        settings: dict[str, object] = {}
        while not self.over:
            account = Account.objects.filter(pk=self.account_id, state=Account.State.ACTIVE).first()
            if account is None:
                break
            if channel is None or settings != account.all_settings:
                close_channel(channel)
                settings, channel = account.all_settings, flow.channel_of(account)
            if account.retry_at and account.retry_at > timezone.now():
                self.ended.wait(min(1.0, (account.retry_at - timezone.now()).total_seconds()))
                continue
            try:
                _, more = flow.poll(account, channel)
                if not more:
                    self.wait_for_news(channel, account)
            except Failure as failure:
                log.warning("account %s cannot be asked: %s", account.pk, failure.text)
            except Exception:
                log.exception("account %s: asking broke off", account.pk)
                close_channel(channel)
                channel = None
                self.ended.wait(5)
        close_channel(channel)
        connection.close()

    @property
    def over(self) -> bool:
        return self.ended.is_set() or self.stop.is_set()

    def wait_for_news(self, channel: object, account: Account) -> None:
        """IDLE where the channel can; in short turns, so that a stop is noticed and settings are read again."""
        connection.close()
        until = time.monotonic() + POLL_EVERY
        while not self.over and time.monotonic() < until:
            left = min(5.0, until - time.monotonic())
            began = time.monotonic()
            for _ in channel.wait(account.cursor, left):  # type: ignore[attr-defined]
                return
            if time.monotonic() - began < left / 2:  # the channel cannot wait for news
                self.ended.wait(left)


def close_channel(channel: object | None) -> None:
    if channel is not None and hasattr(channel, "close"):
        try:
            channel.close()
        except Exception:
            log.debug("a channel did not close", exc_info=True)
