"""Homes and stores for the real program, copied from one that `crowdalogue setup` made once for the whole run.

Making every table anew takes seconds each time; a copy takes none.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import servers

_databases = itertools.count(1)


def environment(home: Path, store: str = "") -> dict[str, str]:
    """What a `crowdalogue ...` process is given: a home, on SQLite or at the PostgreSQL address, and a free port."""
    given = {k: v for k, v in os.environ.items() if not k.startswith(("CROWDALOGUE_", "DJANGO_", "PYTEST_"))}
    given["CROWDALOGUE_HOME"] = str(home)
    given["CROWDALOGUE_URL"] = f"http://127.0.0.1:{servers.free_port()}"
    given["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{given['PATH']}"
    if store:
        given["CROWDALOGUE_DATABASE_URL"] = store
    return given


def bare(home: Path, models: Path, cluster: str = "") -> dict[str, str]:
    """A home with nothing but the encoder in it, and, where `cluster` names a PostgreSQL, an empty database."""
    home.mkdir()
    (home / "models").symlink_to(models)
    return environment(home, servers.make_database(cluster, _name()) if cluster else "")


def ready(home: Path, pattern: Path, models: Path, cluster: str = "") -> dict[str, str]:
    """The same after `crowdalogue setup`, which is run once in `pattern`, whichever process comes first."""
    made_from = f"pattern_{pattern.name}".replace("-", "_").lower()
    pattern.mkdir(exist_ok=True)
    with (pattern / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (pattern / "done").exists():
            store = servers.make_database(cluster, made_from) if cluster else ""
            _set_up(pattern / "home", models, store)
            (pattern / "done").touch()
        shutil.copytree(pattern / "home", home, symlinks=True)
        return environment(home, servers.make_database(cluster, _name(), like=made_from) if cluster else "")


def _set_up(home: Path, models: Path, store: str) -> None:
    home.mkdir()
    (home / "models").symlink_to(models)
    command = [sys.executable, "-m", "crowdalogue", "setup"]
    done = subprocess.run(command, env=environment(home, store), capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr


def _name() -> str:
    return f"fresh_{os.getpid()}_{next(_databases)}"
