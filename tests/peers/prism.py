"""Prism: a provider's own OpenAPI file as a server that checks every call, for the tests marked `peers`.

The files are their providers' and not ours to hand on: put them into a folder and name it in PEERS_FILES (or
put them into `openapi` where the real servers are installed). twilio/twilio-oai: spec/yaml/twilio_api_v2010.yaml as
twilio.yaml; facebook/openapi: business-messaging-api_v23.0.yaml as whatsapp.yaml; abraham/mastodon-openapi (made of
Mastodon's documentation): dist/schema.json as mastodon.json.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.peers.place import home
from tests.servers import free_port

PACKAGE = "@stoplight/prism-cli@5.14.2"
PATIENCE = 120  # seconds; a file of a megabyte takes 10 to 80


def program() -> Path:
    return home() / "prism" / "node_modules" / ".bin" / "prism"


def file_of(name: str) -> Path:
    return Path(os.environ.get("PEERS_FILES") or home() / "openapi") / name


def missing(name: str = "") -> str:
    """Why this file cannot be served here; empty if it can."""
    if not program().is_file():
        return "Prism is not installed: run make peers-setup"
    if name and not file_of(name).is_file():
        return f"{name} is not there: name its folder in PEERS_FILES (tests/peers/prism.py)"
    return ""


def install() -> None:
    """A folder of its own, outside the checkout."""
    if missing() and shutil.which("npm"):
        folder = home() / "prism"
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE], check=True)


@contextmanager
def serving(name: str, *paths: str) -> Iterator[str]:
    """The address at which Prism answers by this file. A call that the file does not allow gets 422 or 401.

    `paths` are those of the file to be served; where a file has many of one shape (/{Version}/{X}), Prism cannot tell
    them apart.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        file = reduced(file_of(name), paths, Path(folder)) if paths else file_of(name)
        command = [str(program()), "mock", "-h", "127.0.0.1", "-p", str(port), str(file)]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def reduced(file: Path, paths: tuple[str, ...], folder: Path) -> Path:
    whole = yaml.safe_load(file.read_text())
    whole["paths"] = {path: whole["paths"][path] for path in paths}
    copy = folder / f"{file.stem}.json"
    copy.write_text(json.dumps(whole, default=str))
    return copy


def wait_for(process: subprocess.Popen[bytes], log: object) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        log.seek(0)  # type: ignore[attr-defined]
        said = log.read()  # type: ignore[attr-defined]
        if b"is listening" in said:
            return
        if process.poll() is not None:
            raise RuntimeError(f"Prism ended: {said[-500:]!r}")
        time.sleep(0.5)
    raise RuntimeError("Prism did not begin to listen")
