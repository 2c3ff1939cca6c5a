"""Reads the documentation for what does not exist: commands, options, make targets, settings, links, files, code."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest

from crowdalogue.channels.base import Author, NotUnderstood, Outgoing, Raw, Refused, SendError

ROOT = Path(__file__).parents[1]
PLACES = ("crowdalogue", "tests", "benchmarks", "docs", "tools")
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]


def each_line() -> Iterator[tuple[str, str]]:
    for path in DOCS:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield f"{path.relative_to(ROOT)}:{number}", line


def code_in(line: str) -> list[str]:
    """Inline code and indented code of a line, where commands are written."""
    return [line.strip()] if line.startswith("    ") else re.findall(r"`([^`]+)`", line)


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{path.relative_to(ROOT)} block {number}", body)
        for path in DOCS
        for number, body in enumerate(re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), re.M | re.S), 1)
    ]


def fenced_commands() -> Iterator[tuple[str, str]]:
    for language in ("sh", "bash", "console", "shell", ""):
        for where, body in blocks(language):
            yield from ((where, line.removeprefix("$ ")) for line in body.splitlines())


@cache
def cli() -> click.Group:
    from crowdalogue.cli import commands

    return commands


def commands_in(text: str) -> Iterator[list[str]]:
    """The words after every `crowdalogue` that is called as a program."""
    for found in re.finditer(r"(?:^|[\s/&|;(])crowdalogue((?: +[^\s|&;#)]+)+)", " " + text):
        yield found[1].split()


def test_there_is_documentation() -> None:
    assert len(DOCS) > 5


def test_commands_and_their_options_exist() -> None:
    wrong = []
    seen = 0
    called = [(where, code) for where, line in each_line() for code in code_in(line)] + list(fenced_commands())
    for where, code in called:
        for words in commands_in(code):
            seen += 1
            wrong += [f"{where}: {problem}" for problem in problems(words)]
    assert seen > 3
    assert wrong == []


def problems(words: list[str]) -> Iterator[str]:
    command: Any = cli()
    for word in words:
        if word.startswith("-"):
            known = {option for p in command.params for option in p.opts + p.secondary_opts} | {"--help"}
            if word.split("=")[0] not in known:
                yield f"`{command.name}` has no {word}"
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z|-]*", word):
            for name in word.split("|"):
                if name not in command.commands:
                    yield f"there is no command {name}"
                    return
            command = command.commands[word.split("|")[0]]


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))
    called = [
        (where, target)
        for where, line in each_line()
        for code in code_in(line)
        for target in re.findall(r"^make (?:[A-Z]+=\S+ )*([a-z][a-z-]*)", code)
    ]
    assert len(called) > 3
    assert [f"{where}: make {target}" for where, target in called if target not in targets] == []


def test_settings_exist_and_are_described() -> None:
    from crowdalogue.settings import ENVIRONMENT

    mentioned = {(w, n) for w, line in each_line() for n in re.findall(r"\bCROWDALOGUE_[A-Z_]+[A-Z]\b", line)}
    tests_only = {"CROWDALOGUE_TEST_STORE"}
    assert [f"{w}: {n}" for w, n in sorted(mentioned) if n not in set(ENVIRONMENT) | tests_only] == []
    table = (ROOT / "docs" / "operating.md").read_text()
    assert [name for name in ENVIRONMENT if f"| `{name}` |" not in table] == []


def test_code_reads_no_setting_that_start_would_refuse() -> None:
    from crowdalogue.settings import ENVIRONMENT

    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "crowdalogue").rglob("*.py"))
        for name in re.findall(r"\bCROWDALOGUE_[A-Z_]+[A-Z]\b", path.read_text())
        if name not in ENVIRONMENT
    ]
    assert wrong == []


def test_links_lead_somewhere() -> None:
    links = [(p, link) for p in DOCS for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", p.read_text())]
    inside = [(path, link) for path, link in links if not re.match(r"[a-z]+:", link)]
    assert len(inside) > 5
    assert [f"{p.relative_to(ROOT)}: {link}" for p, link in inside if not (p.parent / link).exists()] == []


def test_files_named_exist() -> None:
    """`listen/threads.py` may be written without what stands before it; a word in capitals stands for any name."""
    known = [p.relative_to(ROOT).as_posix() for top in PLACES for p in (ROOT / top).rglob("*.*")]
    known += [p.name for p in ROOT.iterdir()]
    missing = []
    for where, line in each_line():
        for name in re.findall(r"`([\w./-]+\.(?:py|html|css|csv|lock|toml))`", line):
            made_up = "pigeon" in name or re.search(r"[A-Z]{3}", name)
            if not made_up and not any(f"/{k}".endswith(f"/{name}") for k in known):
                missing.append(f"{where}: {name}")
    assert missing == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    pages = [p.name for p in (ROOT / "docs").glob("*.md") if p.name != "index.md"]
    assert [name for name in pages if f"({name})" not in index] == []


@pytest.mark.parametrize(("where", "code"), blocks("python"))
def test_python_compiles(where: str, code: str) -> None:
    compile(code, where, "exec")


@pytest.fixture
def pigeon() -> type[Any]:
    """The class shown in adding-a-channel.md."""
    code = next(body for where, body in blocks("python") if "adding-a-channel" in where)
    names: dict[str, Any] = {"__name__": "pigeon"}
    exec(compile(code, "adding-a-channel.md", "exec"), names)
    found: type[Any] = names["Pigeon"]
    return found


def test_the_example_of_a_channel_refuses_and_reads(pigeon: type[Any]) -> None:
    channel = pigeon({"secret": "coo"})
    body = json.dumps({"id": "7", "from": "Ann", "text": "Hello", "at": 1_700_000_000, "answers": "6"}).encode()
    signature = hmac.new(b"coo", body, hashlib.sha256).hexdigest()
    channel.verify(Raw(body, {"x-pigeon-signature": signature}), datetime.now(UTC))
    with pytest.raises(Refused):
        channel.verify(Raw(body, {"x-pigeon-signature": "0" * 64}), datetime.now(UTC))
    [message] = channel.parse(Raw(body))
    assert (message.external_id, message.text, message.parents) == ("7", "Hello", ("6",))
    with pytest.raises(NotUnderstood, match="text"):
        channel.parse(Raw(b'{"id": "7", "from": "Ann"}'))


def test_the_example_of_a_channel_sends(pigeon: type[Any]) -> None:
    taken: list[tuple[str, dict[str, Any]]] = []

    class Loft(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            note = json.loads(self.rfile.read(int(self.headers["content-length"])))
            taken.append((self.headers["idempotency-key"], note))
            self.send_response(400 if note["text"] == "no" else 200)
            self.end_headers()
            self.wfile.write(b'{"id": "n9"}')

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Loft)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        channel = pigeon({"loft": f"http://127.0.0.1:{server.server_port}/notes", "secret": "coo"})
        sent = channel.send(Outgoing("key-of-reply", Author("ann"), "We look into it.", parents=("7", "6")))
        assert sent.external_id == "n9"
        assert taken == [("key-of-reply", {"to": "ann", "text": "We look into it.", "answers": ["7"]})]
        with pytest.raises(SendError) as refused:
            channel.send(Outgoing("another-key", Author("ann"), "no"))
        assert refused.value.permanent
    finally:
        server.shutdown()
        server.server_close()


def test_the_backup_can_be_read(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    """The snippet of operating.md makes a copy of a store in use that has every row in it."""
    import sqlite3

    environment = {k: v for k, v in fresh_environment.items() if k != "CROWDALOGUE_DATABASE_URL"}
    django = [sys.executable, "-m", "django"]
    environment["DJANGO_SETTINGS_MODULE"] = "crowdalogue.settings"
    subprocess.run([*django, "migrate", "-v0"], env=environment, cwd=tmp_path, check=True, timeout=120)
    store = sqlite3.connect(Path(environment["CROWDALOGUE_HOME"]) / "crowdalogue.sqlite3")
    store.execute("INSERT INTO crowdalogue_tag (name) VALUES ('kept')")
    store.commit()
    code = next(body for where, body in blocks("python") if "operating" in where)
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, check=True, timeout=120)
    store.close()
    copy = sqlite3.connect(tmp_path / "crowdalogue-backup.sqlite3")
    assert copy.execute("SELECT name FROM crowdalogue_tag").fetchall() == [("kept",)]
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
