"""Servers that tests start for themselves, on free loopback ports, and stop by process id."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    """A TCP port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def wait_until(ready: Callable[[], object], seconds: float, what: str) -> None:
    """Ask `ready` until it says yes; AssertionError naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as door:
        door.settimeout(0.5)
        return door.connect_ex(("127.0.0.1", port)) == 0


def stop(process: subprocess.Popen[bytes], how: int = signal.SIGTERM, seconds: float = 15) -> None:
    """End one process that we started; by force if it does not listen."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- PostgreSQL --------------------------------------------------------------------------------------------------


def postgres_folder() -> Path | None:
    """Where initdb and postgres are; Debian keeps them out of the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def postgres_missing() -> str:
    """Why no PostgreSQL can be started here; empty if one can."""
    if postgres_folder() is None:
        return "PostgreSQL is not installed (apt-get install postgresql)"
    return ""


def _unprivileged() -> str | None:
    """PostgreSQL refuses root: whom it runs as then. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise AssertionError("PostgreSQL cannot run as root, and there is no user postgres or nobody")


def _run(command: list[str], user: str | None, folder: Path) -> None:
    done = subprocess.run(
        command, user=user, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{command[0]}: {done.stderr[-2000:]}"


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of our own; yields postgresql://user@127.0.0.1:port/crowdalogue, its database made.

    It does not flush to disk: these rows need not outlive the machine.
    """
    programs = postgres_folder()
    assert programs is not None, postgres_missing()
    user = _unprivileged()
    place = Path(tempfile.mkdtemp(prefix="crowdalogue-pg-"))
    data, port = place / "data", free_port()
    process: subprocess.Popen[bytes] | None = None
    try:
        if user:
            shutil.chown(place, user)
        _run(
            [
                str(programs / "initdb"),
                "-D",
                str(data),
                "-U",
                "crowdalogue",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
            ],
            user,
            place,
        )
        settings = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]
        command = [str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(place)]
        command += [part for setting in settings for part in ("-c", setting)]
        with (place / "log").open("wb") as log:
            process = subprocess.Popen(
                command, user=user, cwd=place, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        url = f"postgresql://crowdalogue@127.0.0.1:{port}/postgres"
        wait_until(lambda: _accepts(url), 30, "PostgreSQL")
        yield make_database(url, "crowdalogue")
    finally:
        if process:
            stop(process, signal.SIGINT)  # "fast" shutdown: open connections are cut
        shutil.rmtree(place, ignore_errors=True)


def _accepts(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def make_database(url: str, name: str, like: str = "template1") -> str:
    """Make a database beside the one `url` names, empty or a copy of another; return its address."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(url, autocommit=True) as connection:
        given = (sql.Identifier(name), sql.Identifier(like))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*given))
    return f"{url.rsplit('/', 1)[0]}/{name}"
