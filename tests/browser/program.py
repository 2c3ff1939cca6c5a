"""The real program for browser tests: `crowdalogue run` in its own process, and a real Chromium before it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.servers import wait_until

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PASSWORD = "correct horse battery"


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium here: apt-get install chromium")
    # Chromium's own sandbox does not run as root, as in CI.
    arguments = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def call(environment: dict[str, str], *words: str, code: str = "") -> str:
    """Run `crowdalogue WORDS`, or a few lines of Python with Django set up, in the program's environment."""
    command = [sys.executable, "-m", "crowdalogue", *words]
    if code:
        command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
        environment = {**environment, "DJANGO_SETTINGS_MODULE": "crowdalogue.settings"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_owner(environment: dict[str, str]) -> None:
    """What the first-run page does, for tests of later pages."""
    call(
        environment,
        code="from crowdalogue.models import *\n"
        "Company.objects.create(name='Northwind Example')\n"
        f"User.objects.create_user('olga@example.com', {PASSWORD!r}, name='Olga Owner', role='owner')",
    )


@contextlib.contextmanager
def running(environment: dict[str, str]) -> Iterator[str]:
    """Web server and worker; gives the address. Stopped as a person would, with Ctrl-C."""
    import urllib.error
    import urllib.request

    url = environment["CROWDALOGUE_URL"]

    def answers() -> bool:
        try:
            urllib.request.urlopen(url + "/start/", timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    process = subprocess.Popen(
        [sys.executable, "-m", "crowdalogue", "run"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_until(answers, 60, "crowdalogue run")
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
