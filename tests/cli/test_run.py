"""run, serve, work: real processes, stopped, killed and started again."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from crowdalogue.cli.run import House, keep_what_is_loaded, listens
from tests import servers
from tests.cli.conftest import call, refusal


@contextmanager
def running(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """`crowdalogue run` until it says where it is; what it prints is collected."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "crowdalogue", "run"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        servers.wait_until(lambda: any("Open http" in line for line in lines) or process.poll() is not None, 120, "run")
        yield process, lines
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def children(pid: int) -> dict[str, int]:
    """Our children by what they do."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and f"PPid:\t{pid}\n" in (folder / "status").read_text():
                words = (folder / "cmdline").read_bytes().split(b"\0")
                found |= {name: int(folder.name) for name in ("serve", "work") if name.encode() in words}
        except OSError:
            continue
    return found


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return int(answer.status)
    except OSError:
        return 0


def test_run_lives_and_ends_well(bare_environment: dict[str, str]) -> None:
    url = bare_environment["CROWDALOGUE_URL"]
    with running(bare_environment) as (process, lines):
        assert any(f"{url}/start/" in line for line in lines), lines
        assert status(f"{url}/start/") == 200
        assert "is taken" in refusal(call(bare_environment, "run"))
        before = children(process.pid)
        assert set(before) == {"serve", "work"}
        niceness = partial(os.getpriority, os.PRIO_PROCESS)
        servers.wait_until(lambda: niceness(before["work"]) > niceness(before["serve"]), 60, "standing back")
        subprocess.run(["kill", "-9", str(before["serve"])], check=True)
        servers.wait_until(lambda: children(process.pid).get("serve") not in (None, before["serve"]), 30, "again")
        servers.wait_until(lambda: status(f"{url}/start/") == 200, 60, "an answer")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in before.values())
    assert any("it starts again" in line for line in lines)
    assert not any("Traceback" in line for line in lines), lines


def test_children_end_with_a_parent_that_was_killed(fresh_environment: dict[str, str]) -> None:
    with running(fresh_environment) as (process, _):
        left = children(process.pid)
        process.kill()
        process.wait(10)
        servers.wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in left.values()), 60, "the end")


def test_what_never_starts_is_given_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    house = House({"web": ["no-such-command"]})
    house.start()
    began = time.monotonic()
    with pytest.raises(SystemExit) as ended:
        house.keep()
    assert ended.value.code == 1
    assert time.monotonic() - began < 60
    assert "does not start" in capsys.readouterr().err


def test_listens() -> None:
    assert not listens("127.0.0.1", servers.free_port())


def test_what_a_worker_has_loaded_is_not_swept_again() -> None:
    gc.unfreeze()
    try:
        keep_what_is_loaded()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
