"""One person's first day: from an empty install to an answer, a number, the messages behind it, and a search."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.program import PASSWORD, call, chromium, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# The demo company, smaller: a load that was stopped before it began, which the button goes on with.
SMALL_DEMO = """
from crowdalogue.demo import loader
from crowdalogue.models import Import
loader.begin(scale=0.03)
Import.objects.update(state=Import.State.STOPPED)
"""
COMPLAINT = "My Kestrel kettle arrived cracked and nobody answers me."


def test_a_first_day(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    call(fresh_environment, code=SMALL_DEMO)
    with chromium() as browser, running(fresh_environment) as url:
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(30_000)
        wrong: list[str] = []
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: wrong.append(str(e)))

        page.set_viewport_size({"width": 390, "height": 844})
        begin(page, url)
        wrong.clear()  # a form sent back is an error to the console
        page.set_viewport_size({"width": 1440, "height": 900})
        load_the_demo(page, url)
        import_a_file(page, url, tmp_path / "kettles.csv")
        work_the_inbox(page, url)
        read_what_is_behind_a_bar(page, url)
        narrow_down(page, url)
        search(page)
        assert wrong == []


def begin(page: Page, url: str) -> None:
    """On a phone; every address leads to the first run, and what is wrong is said beside its field."""
    page.goto(url)
    expect(page.locator("h1")).to_have_text("Begin with Crowdalogue")
    given = {"name": "Olga Owner", "email": "olga@example.com", "password": "short", "company": "Northwind Example"}
    for name, value in given.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#id_password_error")).to_contain_text("at least 10 characters")
    expect(page.locator("#id_password")).to_be_focused()
    expect(page.locator("[name=company]")).to_have_value("Northwind Example")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("h1")).to_contain_text("Where do the first messages come from")
    page.get_by_role("link", name="Go to the inbox").click()
    expect(page.locator("#list")).to_contain_text("Nobody waits for an answer")


def load_the_demo(page: Page, url: str) -> None:
    page.goto(url + "/start/")
    page.get_by_role("button", name="Load the demo company").click()
    expect(page).to_have_url(re.compile(r"/imports/\d+/"))
    expect(page.locator("h1")).to_contain_text("Demo company")
    expect(page.locator("main")).to_contain_text("It goes on when this page is closed")
    # Nobody loads the page again: it follows by itself.
    expect(page.locator("main")).to_contain_text("messages are new", timeout=120_000)


def import_a_file(page: Page, url: str, file: Path) -> None:
    at = datetime.now(UTC) - timedelta(minutes=5)
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "text", "from", "date"])
        writer.writerow(["k1", COMPLAINT, "mara@example.com", at.isoformat()])
        writer.writerow(["k2", "Does the Kestrel kettle switch itself off?", "theo@example.com", at.isoformat()])
    page.goto(url + "/imports/new/")
    page.get_by_label("A file with past messages").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator(".preview")).to_contain_text(COMPLAINT)
    page.get_by_role("button", name=re.compile("^Import")).click()
    expect(page.locator("main")).to_contain_text("2 messages are new", timeout=60_000)


def work_the_inbox(page: Page, url: str) -> None:
    """Everything by keyboard: move, open, answer, note, assign, tag, snooze, close, undo, and what the keys are."""
    page.goto(url + "/inbox/?channel=email")
    keys, talk, toasts = page.keyboard, page.locator("#conversation"), page.locator("#toasts")
    rows = page.locator("#rows .row")
    expect(rows.nth(1)).to_be_visible()
    for key, at in (("j", 0), ("j", 1), ("k", 0)):
        keys.press(key)
        expect(rows.nth(at)).to_be_focused()
    keys.press("Enter")
    expect(page).to_have_url(re.compile(r"/inbox/\d+/"))
    expect(talk).to_be_visible()

    keys.press("m")
    keys.type("Ask the store first.")
    keys.press("Control+Enter")
    expect(talk.locator("#thread")).to_contain_text("Ask the store first.")

    keys.press("a")
    expect(talk.get_by_role("button", name="Me")).to_be_focused()
    keys.press("Enter")
    expect(talk.locator(".talk-head")).to_contain_text("Yours")

    keys.press("l")
    expect(talk.get_by_role("combobox", name="Tag")).to_be_focused()
    keys.type("kettles")
    keys.press("Enter")
    expect(talk.locator(".talk-head")).to_contain_text("kettles")

    keys.press("r")
    keys.type("Sorry. A new one leaves our store today.")
    keys.press("Control+Enter")
    expect(talk.locator("#thread")).to_contain_text("A new one leaves our store today.")

    first = page.url
    keys.press("h")
    expect(talk.get_by_role("button", name="Tomorrow, 9:00")).to_be_focused()
    keys.press("Enter")
    expect(toasts).to_contain_text("Snoozed 1 conversation")
    keys.press("z")
    expect(toasts).to_contain_text("Undone")

    page.goto(first)
    keys.press("e")
    expect(toasts).to_contain_text("Closed 1 conversation")
    keys.press("z")
    expect(toasts).to_contain_text("Undone")
    page.goto(first)
    expect(page.get_by_role("button", name="Close", exact=False).first).to_be_visible()

    keys.press("?")
    expect(page.locator("#keys")).to_contain_text("Next conversation")
    keys.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def read_what_is_behind_a_bar(page: Page, url: str) -> None:
    """A number of a chart opens exactly the messages it counts, as soon as the reading of them is through."""
    for _ in range(30):  # what is read meanwhile may be set apart between one page and the next
        page.goto(url + "/?period=365d")
        cell = page.locator("main .as-table td a").first
        expect(cell).to_be_attached(timeout=30_000)
        counted = re.sub(r"\D", "", str(cell.text_content()))
        page.goto(url + str(cell.get_attribute("href")))
        opened = re.sub(r"\D", "", page.locator("h1").inner_text())
        if opened == counted:
            break
        page.wait_for_timeout(1000)
    assert opened == counted
    expect(page.locator("main .quotes > *, main article, main li").first).to_be_visible()


def narrow_down(page: Page, url: str) -> None:
    """The filter bar lives in the address: the link alone shows the same."""
    page.goto(url + "/explore/")
    page.locator(".chip", has_text="Channel").click()
    page.locator(".filters .sheet a", has_text="E-mail").first.click()
    expect(page).to_have_url(re.compile("channel=email"))
    expect(page.locator(".chip", has_text="Channel")).to_contain_text("E-mail")
    seen = page.locator("h1").inner_text()
    page.goto(page.url)
    expect(page.locator("h1")).to_have_text(seen)


def search(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("kestrel cracked")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("arrived cracked")
    expect(page.locator("main mark").first).to_be_visible()
