"""The chat on a page of another origin, in a real browser: talked, reloaded, cut off, and answered from the inbox.

The page it stands on has the strictest policy that docs/webchat.md promises to be enough.
"""

from __future__ import annotations

import http.server
import re
import threading
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


def violations(page: Page) -> list[str]:
    """What axe finds, in the shadow root too."""
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']})"
        ".then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + JSON.stringify(n.target))))"
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


def test_the_talk_survives_a_reload_and_a_draft_too(shop: Shop, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(shop.page())
    launcher(page).click()
    write(page, "Before the reload")
    sent(page, "Before the reload")
    page.get_by_role("textbox", name="Your message").fill("Half a thou")
    page.reload()
    launcher(page).click()
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("Half a thou")
    expect(page.locator("#crowdalogue-chat li")).to_have_count(1)
    # The same talk on another page of the site; and with only the browser's storage, no cookie.
    page.goto(shop.page("other"))
    launcher(page).click()
    expect(log(page)).to_contain_text("Before the reload")
    assert context.cookies() == []


def test_what_is_written_offline_is_sent_when_the_line_is_back(shop: Shop, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(shop.page())
    launcher(page).click()
    write(page, "Online")
    sent(page, "Online")
    context.set_offline(True)
    write(page, "First offline")
    write(page, "Second offline")
    expect(page.locator("#crowdalogue-chat .banner")).to_contain_text("No connection")
    expect(page.locator("#crowdalogue-chat li.waiting")).to_have_count(2)
    context.set_offline(False)
    sent(page, "First offline")
    sent(page, "Second offline")
    expect(page.locator("#crowdalogue-chat .banner")).to_be_hidden(timeout=15_000)
    texts = page.locator("#crowdalogue-chat li p").all_inner_texts()
    assert texts == ["Online", "First offline", "Second offline"]


def test_what_waits_is_sent_by_the_next_page_once(shop: Shop, context: BrowserContext) -> None:
    """The server takes the message and its answer is lost; the page is closed. The next page sends it again."""
    page = context.new_page()
    page.goto(shop.page())
    launcher(page).click()
    write(page, "Hello")
    sent(page, "Hello")

    def lose(route: Any) -> None:
        if route.request.method == "POST":
            route.fetch()
        route.abort()

    page.route("**/messages", lose)
    write(page, "Is it twice?")
    expect(page.locator("#crowdalogue-chat li.waiting")).to_have_count(1)
    page.wait_for_timeout(500)
    page.close()
    page = context.new_page()
    page.goto(shop.page())
    launcher(page).click()
    sent(page, "Is it twice?")
    page.wait_for_timeout(500)
    assert page.locator("#crowdalogue-chat li p").all_inner_texts() == ["Hello", "Is it twice?"]
    assert page.evaluate("Object.keys(localStorage).filter(k => k.includes(':q:'))") == []


def test_a_file_is_sent_and_can_be_opened_again(shop: Shop, context: BrowserContext) -> None:
    page = context.new_page()
    said = complaints(page)
    page.goto(shop.page())
    launcher(page).click()
    page.locator("#crowdalogue-chat input[type=file]").set_input_files(
        {"name": "broken lamp.png", "mimeType": "image/png", "buffer": PNG}
    )
    file = page.locator("#crowdalogue-chat a.file")
    expect(file).to_contain_text("broken lamp.png")
    with page.expect_download() as download:
        file.click()
    assert download.value.path().read_bytes() == PNG
    page.locator("#crowdalogue-chat input[type=file]").set_input_files(
        {"name": "a.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}
    )
    expect(page.locator("#crowdalogue-chat #wrong")).to_have_text("Files of this kind cannot be sent.")
    assert said == []


def test_everything_by_keyboard(shop: Shop, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(shop.page(body='<a href="#x">A link</a>'))
    expect(launcher(page)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(launcher(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Your message")).to_be_focused()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("in two lines")
    page.keyboard.press("Enter")
    assert "By keyboard\nin two lines" in sent(page, "in two lines").inner_text()
    expect(page.get_by_role("textbox", name="Your message")).to_be_focused()
    names = []
    for _ in range(3):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.querySelector('#crowdalogue-chat').shadowRoot.activeElement?.ariaLabel"))
    assert names == ["Attach a file", "Send", "Close chat"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    expect(box(page)).to_be_hidden()
    expect(launcher(page)).to_be_focused()
    assert launcher(page).get_attribute("aria-expanded") == "false"


LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "light"},
    "dark on a phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
    "very small": {"viewport": {"width": 320, "height": 568}, "color_scheme": "light", "has_touch": True},
}


@pytest.mark.parametrize("look", LOOKS)
def test_it_fits_and_axe_finds_nothing(shop: Shop, browser: Browser, look: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not in place: crowdalogue setup, or npm ci")
    context = browser.new_context(**LOOKS[look], bypass_csp=True)
    page = context.new_page()
    page.goto(shop.page("ask"))
    page.add_script_tag(content=AXE.read_text())
    expect(launcher(page)).to_be_visible()
    assert violations(page) == []
    launcher(page).click()
    write(page, "A long word: " + "x" * 200)
    sent(page, "A long word")
    page.get_by_role("textbox", name="Your message").fill("")
    page.keyboard.press("Enter")
    expect(page.locator("#crowdalogue-chat #wrong")).to_have_text("Write a message first.")
    assert violations(page) == []
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    assert page.locator("#crowdalogue-chat .log").evaluate("log => log.scrollWidth - log.clientWidth") == 0
    context.close()


# --- settings of the chat, changed while it runs


def change(environment: dict[str, str], key: str, **given: Any) -> None:
    """Change settings of the running chat; undone by giving what was before."""
    call(
        environment,
        code="from crowdalogue.models import Account\n"
        f"account = Account.objects.get(key={key!r})\naccount.settings = account.settings | {given!r}\naccount.save()",
    )


def test_questions_first_and_a_form_out_of_hours(
    shop: Shop, context: BrowserContext, shared_environment: dict[str, str]
) -> None:
    change(shared_environment, shop.key, questions="name\nOrder number*", away="form")
    call(
        shared_environment,
        code="from crowdalogue.models import Hours, Target\n"
        "week = [[['09:00', '09:01']], [], [], [], [], [], []]\n"
        "hours = Hours.objects.create(name='Rarely', timezone='UTC', week=week)\n"
        "Target.objects.create(kind='webchat', hours=hours)",
    )
    try:
        page = context.new_page()
        page.goto(shop.page())
        launcher(page).click()
        expect(page.locator("#crowdalogue-chat .away")).to_contain_text("We are back Monday")
        expect(page.get_by_label("Your name")).to_be_focused()
        write(page, "Where is my lamp?")
        expect(page.get_by_label("Order number")).to_be_focused()
        expect(page.get_by_label("Order number")).to_have_attribute("aria-invalid", "true")
        page.get_by_label("Order number").fill("48213")
        page.get_by_label("Your e-mail address").fill("mara")
        write(page, "Where is my lamp?")
        expect(page.get_by_text("Write an address such as name@example.com.")).to_be_visible()
        page.get_by_label("Your e-mail address").fill("mara@example.com")
        write(page, "Where is my lamp?")
        sent(page, "Where is my lamp?")
        expect(page.locator("#crowdalogue-chat .note")).to_contain_text("We have your message. We are back Monday")
        expect(page.get_by_label("Order number")).to_have_count(0)
        write(page, "It was blue.")
        sent(page, "It was blue.")
        kept = call(
            shared_environment,
            code="from crowdalogue.models import Message\n"
            "row = Message.objects.get(text='Where is my lamp?')\n"
            "print(row.subject, row.extra['answer_to'], row.handle.facts['email'])",
        )
        assert kept.strip() == "Order number: 48213 mara@example.com mara@example.com"
    finally:
        change(shared_environment, shop.key, questions="", away="chat")
        call(shared_environment, code="from crowdalogue.models import Hours, Target\nTarget.objects.all().delete()")


@pytest.mark.parametrize(
    ("lang", "write_label", "direction"),
    [
        ("de", "Ihre Nachricht", "ltr"),
        ("ar", "رسالتك", "rtl"),
        ("pt-BR", "A sua mensagem", "ltr"),
        ("fi", "Your message", "ltr"),
    ],
)
def test_it_speaks_the_language_of_the_page(
    shop: Shop, context: BrowserContext, lang: str, write_label: str, direction: str
) -> None:
    page = context.new_page()
    page.goto(shop.page(f"in-{lang}", lang=lang))
    launcher(page).click()
    expect(page.get_by_role("textbox", name=write_label)).to_be_focused()
    panel = page.locator("#crowdalogue-chat .panel")
    assert panel.evaluate("n => getComputedStyle(n).direction") == direction
    left = panel.evaluate("n => n.getBoundingClientRect().left < innerWidth / 2")
    assert left is (direction == "rtl")


def test_a_customer_who_is_signed_in_on_the_site(shop: Shop, browser: Browser) -> None:
    signature = proof(SECRET, "c-7", "mara@example.com")
    given = f'data-customer="c-7" data-email="mara@example.com" data-name="Mara" data-signature="{signature}"'
    laptop, phone = browser.new_context(), browser.new_context()
    page = laptop.new_page()
    page.goto(shop.page("signed-in", more=given))
    launcher(page).click()
    write(page, "From the laptop")
    sent(page, "From the laptop")
    other = phone.new_page()
    other.goto(shop.page("signed-in", more=given))
    launcher(other).click()
    expect(log(other)).to_contain_text("From the laptop")
    # Signed out without loading a page, and signed in again.
    other.evaluate("crowdalogueChat.signOut()")
    expect(log(other)).not_to_contain_text("From the laptop")
    expect(box(other)).to_be_visible()
    other.evaluate(
        "signature => crowdalogueChat.identify({customer_id: 'c-7', email: 'mara@example.com', signature})", signature
    )
    expect(log(other)).to_contain_text("From the laptop")
    # Signed out on the same browser: nothing of it is shown to the next person.
    other.goto(shop.page("signed-out"))
    launcher(other).click()
    expect(box(other)).to_be_visible()
    other.wait_for_timeout(1000)
    expect(log(other)).not_to_contain_text("From the laptop")
    # A signature that is wrong: the chat goes on with a stranger, and the console says why.
    warned: list[str] = []
    third = browser.new_context().new_page()
    third.on("console", lambda m: warned.append(m.text))
    third.goto(shop.page("forged", more=given.replace("c-7", "c-8")))
    launcher(third).click()
    write(third, "Who am I?")
    sent(third, "Who am I?")
    expect(log(third)).not_to_contain_text("From the laptop")
    assert any("signature" in text for text in warned)
    for one in (laptop, phone, third.context):
        one.close()


def test_a_page_of_another_site_gets_nothing(shop: Shop, context: BrowserContext) -> None:
    """The same page by another name is another origin, and that one is not allowed."""
    page = context.new_page()
    warned: list[str] = []
    page.on("console", lambda m: warned.append(m.text))
    page.goto(shop.page().replace("127.0.0.1", "localhost"))
    page.wait_for_timeout(2000)
    expect(launcher(page)).to_have_count(0)
    assert any("Crowdalogue chat" in text for text in warned)


def test_on_a_phone_it_fills_the_screen_and_keeps_the_focus(shop: Shop, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(shop.page(body='<a href="#x">A link</a>'))
    launcher(page).tap()
    assert box(page).bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert box(page).get_attribute("aria-modal") == "true"
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "crowdalogue-chat"
    page.get_by_role("button", name="Close chat").tap()
    expect(launcher(page)).to_be_focused()
    context.close()


def test_the_server_goes_away_and_comes_back(shop: Shop, context: BrowserContext) -> None:
    """Every call fails for a while, as while it is started again: nothing is lost, nothing is twice."""
    page = context.new_page()
    page.goto(shop.page())
    launcher(page).click()
    write(page, "Before")
    sent(page, "Before")
    page.route("**/chat/**", lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}))
    write(page, "During")
    page.wait_for_timeout(1500)
    expect(page.locator("#crowdalogue-chat li.waiting")).to_have_count(1)
    page.unroute("**/chat/**")
    sent(page, "During")
    assert page.locator("#crowdalogue-chat li p").all_inner_texts() == ["Before", "During"]


def test_a_visitor_the_server_no_longer_knows_goes_on_as_a_new_one(shop: Shop, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(shop.page())
    launcher(page).click()
    write(page, "Half a year ago")
    sent(page, "Half a year ago")
    old = page.evaluate("localStorage.getItem(Object.keys(localStorage).find(k => k.endsWith(':visitor')))")
    refuse_once = {"left": 1}

    def forgotten(route: Any) -> None:
        if route.request.method == "POST" and refuse_once["left"]:
            refuse_once["left"] -= 1
            route.fulfill(status=401, json={"error": {}}, headers={"Access-Control-Allow-Origin": shop.origin})
        else:
            route.continue_()

    page.route("**/messages", forgotten)
    write(page, "And today")
    sent(page, "And today")
    assert page.locator("#crowdalogue-chat li p").all_inner_texts() == ["And today"]
    new = page.evaluate("localStorage.getItem(Object.keys(localStorage).find(k => k.endsWith(':visitor')))")
    assert new.startswith("visitor-") and new != old


def test_a_site_that_changes_its_page_by_script_keeps_the_chat(shop: Shop, context: BrowserContext) -> None:
    page = context.new_page()
    answered = {"config": 0}

    def slow_start(route: Any) -> None:
        answered["config"] += 1
        if answered["config"] == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/config*", slow_start)
    page.add_init_script("addEventListener('crowdalogue-chat-ready', () => { window.ready = true; })")
    page.goto(shop.page())
    expect(launcher(page)).to_be_visible(timeout=15_000)  # the first try failed
    assert page.evaluate("window.ready") is True
    launcher(page).click()
    write(page, "Still here?")
    sent(page, "Still here?")
    page.evaluate("document.body.replaceChildren()")
    expect(launcher(page)).to_have_count(0)
    page.evaluate("crowdalogueChat.attach()")
    expect(log(page)).to_contain_text("Still here?")


def test_answers_come_where_a_proxy_holds_the_stream_back(
    shop: Shop, context: BrowserContext, shared_environment: dict[str, str]
) -> None:
    page = context.new_page()
    page.route("**/events*", lambda route: None)  # neither an answer nor an error
    page.goto(shop.page())
    launcher(page).click()
    write(page, "Held back?")
    sent(page, "Held back?")
    call(
        shared_environment,
        code="from crowdalogue import flow\nfrom crowdalogue.models import *\n"
        "row = Conversation.objects.get(messages__text='Held back?')\n"
        "flow.answer(User.objects.get(), row, 'Not for long.', key='held-back-answer')",
    )
    expect(page.locator("#crowdalogue-chat li.ours")).to_have_text(re.compile("Not for long."), timeout=40_000)
    page.wait_for_timeout(6000)
    expect(page.locator("#crowdalogue-chat li")).to_have_count(2)


def test_a_picture_is_pasted(shop: Shop, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(shop.page())
    launcher(page).click()
    page.locator("#crowdalogue-chat textarea").evaluate(
        """(field, bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        list(PNG),
    )
    expect(page.locator("#crowdalogue-chat a.file")).to_contain_text("image.png")


# --- the form


def test_the_form_inside_a_page_of_another_origin_without_script(shop: Shop, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    frame_line = (
        f'<iframe src="{shop.chat}/form/{shop.form}/?plain" title="Write to us" width="100%" height="700"></iframe>'
    )
    shop.pages["/contact"] = f'<!doctype html><html lang="en"><title>Contact</title><body>{frame_line}</body></html>'
    page.goto(f"{shop.origin}/contact")
    frame = page.frame_locator("iframe")
    frame.get_by_label("Your e-mail address").fill("otto@example.com")
    frame.get_by_label("Your message").fill("Do you repair lamps?")
    page.wait_for_timeout(2500)  # people are slower than programs
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("heading")).to_have_text("We have your message")
    expect(frame.get_by_text("The answer goes to otto@example.com")).to_be_visible()
    assert context.cookies() == []
    # A site that is not named may not show it.
    page.goto(f"{shop.origin}/contact".replace("127.0.0.1", "localhost"))
    page.wait_for_timeout(1000)
    expect(page.frame_locator("iframe").get_by_label("Your message")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_the_form_fits_and_axe_finds_nothing(shop: Shop, browser: Browser, look: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not in place: crowdalogue setup, or npm ci")
    context = browser.new_context(**LOOKS[look], bypass_csp=True)
    page = context.new_page()
    page.goto(f"{shop.chat}/form/{shop.form}/")
    page.add_script_tag(content=AXE.read_text())
    assert violations(page) == []
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.add_script_tag(content=AXE.read_text())
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    context.close()
