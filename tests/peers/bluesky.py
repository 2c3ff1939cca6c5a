"""A Bluesky network (PLC, PDS and AppView of @atproto/dev-env) for the tests marked `peers`.

It needs Node, PostgreSQL and Redis on this machine; everything listens on loopback and ends with the test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests import servers
from tests.peers.place import home

PACKAGES = ("@atproto/dev-env@0.3.215", "@atproto/pds@0.4.217")
START = """
const { TestNetwork } = require('@atproto/dev-env');
TestNetwork.create({
  dbPostgresUrl: process.env.DB, dbPostgresSchema: 'dev',
  pds: { port: +process.env.PDS, hostname: 'localhost' },
  plc: { port: +process.env.PLC },
  bsky: { port: +process.env.BSKY },
}).then(() => console.log('READY')).catch((error) => { console.error(error); process.exit(1); });
"""


def folder() -> Path:
    return home() / "bluesky"


def missing() -> str:
    """Why there is no network here; empty if one can be started."""
    if not (folder() / "node_modules" / "@atproto" / "dev-env").is_dir():
        return "@atproto/dev-env is not installed: run make peers-setup"
    if shutil.which("redis-server") is None:
        return "Redis is not installed (apt-get install redis-server)"
    return servers.postgres_missing()


def install() -> None:
    """The packages of the network, outside the checkout; some minutes."""
    if shutil.which("npm") is None:
        print("Bluesky: left out, since Node is not installed")
        return
    folder().mkdir(parents=True, exist_ok=True)
    if not (folder() / "node_modules" / "@atproto" / "dev-env").is_dir():
        (folder() / "package.json").write_text('{"private": true}')
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", *PACKAGES], cwd=folder(), check=True)


class Network:
    """A running network; `person("ada")` makes an account and is how a test plays a customer."""

    def __init__(self, url: str) -> None:
        self.url = url

    def person(self, name: str) -> Person:
        handle = f"{name}.test"
        body = {"handle": handle, "email": f"{name}@example.com", "password": f"{name}-password"}
        answer = httpx.post(f"{self.url}/xrpc/com.atproto.server.createAccount", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return Person(self.url, handle, body["password"], answer.json())


class Person:
    """Somebody with a client of their own, independent of the channel under test."""

    def __init__(self, url: str, handle: str, password: str, session: dict[str, Any]) -> None:
        self.handle, self.password, self.did = handle, password, str(session["did"])
        headers = {"authorization": f"Bearer {session['accessJwt']}"}
        self.client = httpx.Client(base_url=f"{url}/xrpc", headers=headers, timeout=30)

    def ask(self, name: str, **params: Any) -> Any:
        answer = self.client.get(f"/{name}", params=params)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def make(self, collection: str, **record: Any) -> dict[str, str]:
        stamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        record = {"$type": collection, "createdAt": stamp} | record
        body = {"repo": self.did, "collection": collection, "record": record}
        answer = self.client.post("/com.atproto.repo.createRecord", json=body)
        assert answer.status_code < 400, answer.text
        return {"uri": answer.json()["uri"], "cid": answer.json()["cid"]}

    def profile(self, name: str) -> None:
        record = {"$type": "app.bsky.actor.profile", "displayName": name, "description": "I am invented."}
        body = {"repo": self.did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": record}
        assert self.client.post("/com.atproto.repo.putRecord", json=body).status_code < 400

    def upload(self, content: bytes, media_type: str) -> Any:
        answer = self.client.post("/com.atproto.repo.uploadBlob", content=content, headers={"content-type": media_type})
        assert answer.status_code < 400, answer.text
        return answer.json()["blob"]

    def mention(self, other: Person, text: str, **more: Any) -> dict[str, str]:
        """A post that begins with the other's name."""
        name = f"@{other.handle}"
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": other.did}
        facet = {"index": {"byteStart": 0, "byteEnd": len(name.encode())}, "features": [feature]}
        return self.make("app.bsky.feed.post", text=f"{name} {text}", facets=[facet], **more)

    def delete(self, uri: str) -> None:
        _, _, repo, collection, rkey = uri.split("/")
        body = {"repo": repo, "collection": collection, "rkey": rkey}
        assert self.client.post("/com.atproto.repo.deleteRecord", json=body).status_code < 400

    def thread(self, uri: str) -> Any:
        return self.ask("app.bsky.feed.getPostThread", uri=uri)["thread"]


def until(look: Callable[[], Any], seconds: float = 90) -> Any:
    """What `look` finds once it finds something: the AppView hears of a record a moment after it was written."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"nothing within {seconds} s"
        time.sleep(0.3)
    return found


@contextmanager
def network(place: Path) -> Iterator[Network]:
    """Start a network with an empty store; about half a minute."""
    ports = {name: servers.free_port() for name in ("PDS", "PLC", "BSKY", "REDIS")}
    script = folder() / "start.cjs"
    script.write_text(START)
    with servers.postgres() as database, (place / "log").open("wb") as log:
        redis = subprocess.Popen(
            ["redis-server", "--port", str(ports["REDIS"]), "--bind", "127.0.0.1", "--save", "", "--dir", str(place)],
            stdout=log,
            stderr=log,
        )
        environment = os.environ | {name: str(port) for name, port in ports.items()}
        environment |= {"REDIS_HOST": f"127.0.0.1:{ports['REDIS']}", "DB": database, "LOG_ENABLED": "false"}
        node = subprocess.Popen(
            ["node", str(script)], cwd=folder(), env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            servers.wait_until(
                lambda: b"READY" in (place / "log").read_bytes() or node.poll() is not None, 180, "Bluesky"
            )
            assert node.poll() is None, (place / "log").read_text(errors="replace")[-3000:]
            yield Network(f"http://localhost:{ports['PDS']}")
        finally:
            servers.stop(node)
            servers.stop(redis)
