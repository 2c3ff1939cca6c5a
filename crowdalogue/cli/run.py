"""run, serve, work: the processes."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

import click

from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

PATIENCE = 25.0  # seconds a child has to end before it is killed
QUICK = 5.0  # a child that lives shorter than this did not really start
HOPELESS = 4  # so many quick deaths of a child that never lived, and we give up
LOADED_AFTER = 15.0  # seconds in which a process has loaded most of what it will ever use
TURN_S = 0.0005  # of a thread, where several want the interpreter; Python's own is ten times as long
STAND_BACK = 5  # niceness of a worker


@click.command()
def run() -> None:
    """Start the web server and a worker, and print the address to open.

    Stops with Ctrl-C and starts again where it was. A part that dies is started again.

    \b
    Example:  crowdalogue run
    """
    open_store()
    from django.conf import settings

    host, port = settings.BIND
    refuse_taken(host, port)
    us = str(os.getpid())
    house = House({"web": ["serve", "--child", us], "worker": ["work", "--child", us]})
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, house.leave)
    house.start()
    if house.wait_for(lambda: listens(host, port), 60):
        click.echo(f"Crowdalogue runs. Open {address()}  (Ctrl-C stops it)")
    house.keep()


def address() -> str:
    """What to open: the first-run page until there is a company, then the start page."""
    from django.conf import settings
    from django.db import connection

    from crowdalogue.models import Company

    first = not Company.objects.exists()
    connection.close()
    return f"{settings.URL}/start/" if first else f"{settings.URL}/"


def refuse_taken(host: str, port: int) -> None:
    """Raise where another program has the port, before anything starts."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError:
        raise Failure(
            f"Port {port} on {host} is taken, perhaps by a Crowdalogue that already runs. Stop the other program, "
            f"or choose another port: CROWDALOGUE_URL=http://127.0.0.1:{port + 1} crowdalogue run"
        ) from None


def listens(host: str, port: int) -> bool:
    there = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    try:
        with socket.create_connection((there, port), timeout=1):
            return True
    except OSError:
        return False


@dataclass
class Child:
    """One process, with what is needed to start it again."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    quick_deaths: int = 0
    lived: bool = False
    again_at: float = 0.0


@dataclass
class House:
    """The children, watched: whoever dies is started again, with a growing pause; all stop together."""

    commands: dict[str, list[str]]
    children: list[Child] = field(default_factory=list)
    leaving: threading.Event = field(default_factory=threading.Event)
    status: int = 0

    def start(self) -> None:
        self.children = [Child(name, command) for name, command in self.commands.items()]
        for child in self.children:
            self.spawn(child)

    def spawn(self, child: Child) -> None:
        # A session of their own: Ctrl-C reaches us alone, and we stop them in order.
        child.process = subprocess.Popen([sys.executable, "-m", "crowdalogue", *child.command], start_new_session=True)
        child.began = time.monotonic()

    def leave(self, number: int, frame: FrameType | None) -> None:
        self.leaving.set()

    def wait_for(self, ready: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.leaving.is_set():
            if ready():
                return True
            self.tend()
            self.leaving.wait(0.1)
        return False

    def keep(self) -> None:
        """Until we are told to leave."""
        while not self.leaving.wait(0.3):
            self.tend()
        self.stop()
        sys.exit(self.status)

    def tend(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self.mourn(child, now)
            elif child.process is not None and now - child.began > QUICK:
                child.lived, child.quick_deaths = True, 0
            if child.process is None and now >= child.again_at and not self.leaving.is_set():
                self.spawn(child)

    def mourn(self, child: Child, now: float) -> None:
        assert child.process is not None
        code = child.process.returncode
        child.quick_deaths = child.quick_deaths + 1 if now - child.began < QUICK else 1
        child.process = None
        if child.quick_deaths >= HOPELESS and not child.lived:
            click.echo(f"crowdalogue: the {child.name} does not start (status {code}); see above.", err=True)
            self.status = 1
            self.leaving.set()
            return
        pause = min(30.0, 0.5 * 2.0 ** (child.quick_deaths - 1))
        child.again_at = now + pause
        click.echo(f"crowdalogue: the {child.name} ended (status {code}); it starts again in {pause:g} s", err=True)

    def stop(self) -> None:
        alive = [c.process for c in self.children if c.process is not None and c.process.poll() is None]
        for process in alive:
            process.terminate()
        end = time.monotonic() + PATIENCE
        for process in alive:
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def follow_parent(parent: int, stop: Callable[[], None]) -> None:
    """End with the process that started us, even if it was killed: nobody is left to watch."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        stop()

    threading.Thread(target=watch, name="parent", daemon=True).start()


@click.command()
@click.option("--child", type=int, hidden=True, help="End with the process of this id, which started this one.")
def serve(child: int | None) -> None:
    """Only the web server. Put a proxy with HTTPS before it for a team.

    \b
    Example:  CROWDALOGUE_URL=https://care.example.com CROWDALOGUE_BIND=127.0.0.1:8000 crowdalogue serve
    """
    open_store()
    import uvicorn
    from django.conf import settings

    host, port = settings.BIND
    if not child:
        refuse_taken(host, port)
    config = uvicorn.Config(
        "crowdalogue.web.server:application",
        host=host,
        port=port,
        access_log=False,  # addresses hold what people searched for
        log_config=None,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=5,  # open live streams do not keep it
        forwarded_allow_ips="127.0.0.1,::1",
    )
    take_short_turns()
    server = uvicorn.Server(config)
    if child:
        follow_parent(child, lambda: setattr(server, "should_exit", True))
    settled = settle()
    server.run()
    settled.cancel()
    if not server.started:
        sys.exit(1)


def settle() -> threading.Timer:
    """A clock that calls `keep_what_is_loaded` once most of what a process will ever use is there."""
    clock = threading.Timer(LOADED_AFTER, keep_what_is_loaded)
    clock.daemon = True
    clock.start()
    return clock


def keep_what_is_loaded() -> None:
    """Leave what is loaded out of further sweeps: each would stop the process for a fifth of a second, with the
    store's lock in hand if it comes at a bad moment."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # libraries count at the end what they would leave behind


def take_short_turns() -> None:
    """Each statement to the store gives the interpreter away; beside a thread that computes, it comes back only after
    a whole turn of that one, and the write lock is held all the while: a transaction of twenty takes a tenth of a
    second. Shorter turns make it a hundredth."""
    sys.setswitchinterval(TURN_S)


def stand_back() -> None:
    """Leave the processor to the web server where both want it: people and webhooks wait for that one."""
    with suppress(OSError):
        os.nice(STAND_BACK)


@click.command()
@click.option("--once", is_flag=True, help="Do what is waiting, then end.")
@click.option("--child", type=int, hidden=True, help="End with the process of this id, which started this one.")
def work(once: bool, child: int | None) -> None:
    """Only the worker: fetches, reads, sends, imports. Several may run, on several machines.

    \b
    Example:  crowdalogue work
    """
    open_store()
    from crowdalogue import jobs

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if child:
        follow_parent(child, stop.set)
    take_short_turns()
    if not once:
        stand_back()
    settled = settle()
    jobs.work(stop, once=once)
    settled.cancel()
