"""The chat on a page of another origin, in a real browser: talked, reloaded, cut off, and answered from the inbox.

The page it stands on has the strictest policy that docs/webchat.md promises to be enough.
"""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from crowdalogue.channels.webpage import proof
from tests.browser.program import PASSWORD, call, chromium, make_owner, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SECRET = "a secret of the shop, long enough"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f00050001ff89993d1d"
    "0000000049454e44ae426082"
)


@dataclass
class Shop:
    """The company's own site, on a port of its own."""

    origin: str
    chat: str  # our address
    key: str
    form: str
    policy: str
    pages: dict[str, str] = field(default_factory=dict)

    def page(self, name: str = "index", lang: str = "en", more: str = "", body: str = "") -> str:
        """The address of a page of the shop with the one line in it."""
        line = f'<script async src="{self.chat}/chat/{self.key}/widget.js" {more}></script>'
        self.pages[f"/{name}"] = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Shop</title>'
            '<meta name="viewport" content="width=device-width"></head>'
            f"<body><main><h1>Lamps</h1><p>Our lamps.</p>{body}</main>{line}</body></html>"
        )
        return f"{self.origin}/{name}"


@pytest.fixture(scope="module")
def shop(shared_environment: dict[str, str]) -> Iterator[Shop]:
    environment = shared_environment
    pages: dict[str, str] = {}
    policy = [""]

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path.partition("?")[0], "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy[0])
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    chat = environment["CROWDALOGUE_URL"]
    policy[0] = (
        f"default-src 'none'; script-src {chat}; connect-src {chat}; frame-src {chat}; "
        "require-trusted-types-for 'script'"
    )
    call(environment, "setup")
    make_owner(environment)
    given = {"origins": origin, "title": "Lamp shop", "greeting": "Ask us anything.", "secret": SECRET}
    made = call(
        environment,
        code="from crowdalogue import flow\n"
        f"chat = flow.connect('webchat', 'Chat', {given!r})\n"
        f"form = flow.connect('webform', 'Form', {given!r})\n"
        "print(chat.key, form.key)",
    )
    key, form = made.split()
    with running(environment):
        yield Shop(origin, chat, key, form, policy[0], pages)
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    found.set_default_timeout(15_000)
    yield found
    found.close()


def complaints(page: Page) -> list[str]:
    """What the browser says against the page from now on: broken policy, broken script."""
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    return said


def launcher(page: Page) -> Locator:
    return page.locator("#crowdalogue-chat .launch")


def box(page: Page) -> Locator:
    return page.get_by_role("dialog")


def log(page: Page) -> Locator:
    return page.get_by_role("log")


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Your message").fill(text)
    page.keyboard.press("Enter")


def sent(page: Page, text: str) -> Locator:
    """The visitor's message, once the server has it."""
    found = page.locator("#crowdalogue-chat li.mine:not(.waiting)", has_text=text)
    expect(found).to_have_count(1, timeout=15_000)
    return found


def sign_in(page: Page, url: str) -> None:
    page.goto(url + "/accounts/login/")
    page.locator("input[name=login]").fill("olga@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "login" not in address)


def violations(page: Page, only: str = "") -> list[str]:
    """What axe finds, in all frames and the shadow root; run past the page's policy."""
    page.evaluate("source => { (0, eval)(source) }", AXE.read_text()) if False else None
    found = page.evaluate(
        "only => axe.run(only || document, {resultTypes: ['violations']})"
        ".then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + JSON.stringify(n.target))))",
        only,
    )
    return list(found)


def test_a_talk_answered_live_from_the_inbox(shop: Shop, browser: Browser, context: BrowserContext) -> None:
    page = context.new_page()
    said = complaints(page)
    page.goto(shop.page())
    launcher(page).click()
    expect(box(page)).to_be_visible()
    expect(log(page)).to_contain_text("Ask us anything.")
    write(page, "Does the dock fit the new lamp?")
    sent(page, "Does the dock fit the new lamp?")

    agent = browser.new_context().new_page()
    sign_in(agent, shop.chat)
    agent.goto(shop.chat + "/inbox/")
    agent.get_by_text("Does the dock fit the new lamp?").first.click()
    expect(agent.locator("#conversation")).to_contain_text("Does the dock")
    agent.keyboard.press("r")
    agent.keyboard.type("Yes, both fit.")
    expect(page.locator("#crowdalogue-chat .typing")).to_have_text("An answer is being written", timeout=25_000)
    agent.keyboard.press("Control+Enter")
    answer = page.locator("#crowdalogue-chat li.ours", has_text="Yes, both fit.")
    expect(answer).to_have_count(1, timeout=30_000)
    expect(answer).to_contain_text("Olga Owner")
    # It was seen, and the agent is told.
    expect(agent.locator("#conversation")).to_contain_text("arrived", timeout=20_000)
    assert said == []
    agent.context.close()

    page.reload()
    launcher(page).click()
    expect(page.locator("#crowdalogue-chat li")).to_have_count(2)
    expect(log(page)).to_contain_text("Yes, both fit.")
