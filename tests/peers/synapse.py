"""A Matrix homeserver (matrix-synapse) for the tests marked `peers`: started on loopback, ended with the test."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.peers.place import home
from tests.servers import free_port

PACKAGE = "matrix-synapse==1.163.0"
SECRET = "a secret for this test only"

# Synapse limits how fast one may write; a test writes faster than people do.
CONFIG = """
server_name: localhost
pid_file: {folder}/pid
listeners:
  - port: {port}
    type: http
    tls: false
    bind_addresses: ['127.0.0.1']
    resources: [{{names: [client], compress: false}}]
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
media_store_path: {folder}/media
signing_key_path: {folder}/signing.key
log_config: {folder}/log.yaml
registration_shared_secret: {secret}
report_stats: false
trusted_key_servers: []
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_login: {{address: {{per_second: 1000, burst_count: 1000}}, account: {{per_second: 1000, burst_count: 1000}}}}
rc_joins: {{local: {{per_second: 1000, burst_count: 1000}}, remote: {{per_second: 1000, burst_count: 1000}}}}
rc_invites: {{per_room: {{per_second: 1000, burst_count: 1000}}, per_user: {{per_second: 1000, burst_count: 1000}}}}
"""
LOG = (
    "version: 1\nhandlers: {file: {class: logging.FileHandler, filename: %s}}\nroot: {level: WARNING, handlers: [file]}"
)


def python() -> Path:
    return home() / "synapse" / "bin" / "python"


def missing() -> str:
    """Why there is no homeserver here; empty if there is one."""
    return "" if python().is_file() else "matrix-synapse is not installed: run make peers-setup"


def install() -> None:
    """An environment of its own, outside the checkout."""
    if missing():
        subprocess.run([sys.executable, "-m", "venv", str(home() / "synapse")], check=True)
        subprocess.run([str(python()), "-m", "pip", "install", "--quiet", PACKAGE], check=True)


class Homeserver:
    """A running homeserver; `person("ada")` registers somebody and is how a test plays a customer."""

    def __init__(self, url: str) -> None:
        self.url = url

    def person(self, name: str) -> Person:
        place = f"{self.url}/_synapse/admin/v1/register"
        nonce = httpx.get(place).json()["nonce"]
        parts = b"\x00".join([nonce.encode(), name.encode(), b"a password", b"notadmin"])
        mac = hmac.new(SECRET.encode(), parts, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": "a password", "admin": False, "mac": mac}
        answer = httpx.post(place, json=body)
        answer.raise_for_status()
        return Person(self.url, answer.json()["user_id"], answer.json()["access_token"])


class Person:
    """Somebody with a client of their own, independent of the channel under test."""

    def __init__(self, url: str, user: str, token: str) -> None:
        self.user, self.token = user, token
        self.client = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30)
        self.count = 0

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        answer = self.client.request(method, f"/_matrix/client/v3{path}", json=body, params=params)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def put(self, room: str, kind: str, content: dict[str, Any]) -> str:
        self.count += 1
        return str(self.call("PUT", f"/rooms/{room}/send/{kind}/{self.count}", content)["event_id"])

    def say(self, room: str, text: str, **more: Any) -> str:
        return self.put(room, "m.room.message", {"msgtype": "m.text", "body": text, **more})

    def redact(self, room: str, event: str) -> None:
        self.count += 1
        self.call("PUT", f"/rooms/{room}/redact/{event}/{self.count}", {})

    def room(self, *invited: str, **more: Any) -> str:
        body = {"preset": "trusted_private_chat", "invite": list(invited), "is_direct": True, **more}
        return str(self.call("POST", "/createRoom", body)["room_id"])

    def heard(self, room: str) -> list[dict[str, Any]]:
        """The newest events of a room, newest first."""
        return list(self.call("GET", f"/rooms/{room}/messages", dir="b", limit=50)["chunk"])


@contextmanager
def homeserver(folder: Path) -> Iterator[Homeserver]:
    """Start one with an empty store in `folder`; about 6 s."""
    port = free_port()
    config = folder / "homeserver.yaml"
    config.write_text(CONFIG.format(folder=folder, port=port, secret=json.dumps(SECRET)))
    (folder / "log.yaml").write_text(LOG % json.dumps(str(folder / "synapse.log")))
    command = [str(python()), "-m", "synapse.app.homeserver", "-c", str(config)]
    subprocess.run([*command, "--generate-keys"], cwd=folder, check=True, capture_output=True)
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Homeserver(_ready(f"http://127.0.0.1:{port}", process, folder / "output"))
    finally:
        process.terminate()
        process.wait(timeout=20)


def _ready(url: str, process: subprocess.Popen[bytes], output: Path) -> str:
    for _ in range(300):
        assert process.poll() is None, output.read_text()[-2000:]
        try:
            httpx.get(f"{url}/_matrix/client/versions").raise_for_status()
            return url
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(f"the homeserver did not start: {output.read_text()[-2000:]}")
