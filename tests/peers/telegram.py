"""A stand-in for Telegram (telegram-test-api: unofficial, few methods) for the tests marked `peers`."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.peers.place import home
from tests.servers import free_port

PACKAGE = "telegram-test-api@4.2.1"
START = """
const Server = require(process.argv[1]);
new (Server.default || Server)({ port: Number(process.argv[2]), host: '127.0.0.1', storeTimeout: 600 }).start();
"""


def folder() -> Path:
    return home() / "telegram"


def missing() -> str:
    """Why it cannot be started here; empty if it can."""
    if not (folder() / "node_modules" / "telegram-test-api").is_dir() or not shutil.which("node"):
        return "telegram-test-api is not installed: run make peers-setup"
    return ""


def install() -> None:
    """A folder of its own, outside the checkout."""
    if missing() and shutil.which("npm"):
        folder().mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder()), PACKAGE], check=True)


@contextmanager
def serving() -> Iterator[str]:
    """The address of the stand-in, started on loopback and ended with the test."""
    port = free_port()
    package = folder() / "node_modules" / "telegram-test-api"
    process = subprocess.Popen(["node", "-e", START, str(package), str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while not answers(address):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the stand-in for Telegram did not start")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def answers(address: str) -> bool:
    try:
        return httpx.post(f"{address}/bot1:a/getMe", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
