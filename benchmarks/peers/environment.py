"""Environments for the programs that ours is measured beside, each made of its own lock file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import measure

HERE = Path(__file__).parent


def python(name: str) -> Path:
    """The interpreter of the environment of `peers/NAME`; it is made, or made anew after its lock file changed."""
    venv = measure.ROOT / "var" / "bench" / name
    found = venv / "bin" / "python"
    lock = HERE / name / "requirements.lock"
    stamp = venv / "lock"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        measure.say(f"installing {name}")
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [found, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--require-hashes", "-r", lock], check=True, stderr=subprocess.DEVNULL)
        stamp.write_text(lock.read_text())
    return found
