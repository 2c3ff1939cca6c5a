"""The agent's screens in a real browser: first run, keyboard alone, live arrival, phone, both themes, axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.program import PASSWORD, call, chromium, make_owner, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=15_000)  # a busy machine is not a fault of the page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ADDRESSES = ("/inbox/", "/inbox/?queue=older", "/inbox/?queue=closed", "/accounts/2fa/")
SEED = """
from datetime import timedelta
from django.utils import timezone
from crowdalogue import flow
from crowdalogue.models import *
from crowdalogue.channels.base import Attachment, Author, Incoming
brand, _ = Brand.objects.get_or_create(name='Northwind')
given = dict(kind='email', name='Care', brand=brand, state='paused', settings={'address': 'care@example.com'})
mail, _ = Account.objects.get_or_create(key='seed', defaults=given)
def say(name, text, minutes, **more):
    number = Message.objects.count()
    who = Author(name.split()[0].lower() + '@example.com', name)
    at = timezone.now() - timedelta(minutes=minutes)
    flow.file(mail, [Incoming(f'<seed{number}@example.com>', who, text, sent_at=at, **more)])
"""
TALKS = """
say('Tobias Renner', 'Still no parcel, and the tracking page has said on its way since Friday.', 42, subject='Parcel')
say('Mara Lindqvist', 'It dies after eight minutes. I am very disappointed.', 25, subject='Battery dies',
    attachments=(Attachment('light.png', 'image/png', b'x' * 2000),), html='<p>It <b>dies</b></p>', quoted='> earlier')
say('Lena Okafor', 'Does the old dock fit the new one?', 12)
say('Ana Ribeiro', 'A very long word: ' + 'x' * 300, 60 * 24 * 30)
talk = Conversation.objects.get(subject='Battery dies')
flow.note(User.objects.first(), talk, 'Serial is lot 38', key='note-note-note')
"""


def sign_in(page: Page, url: str) -> None:
    page.goto(url + "/accounts/login/?next=/inbox/")
    page.locator("input[name=login]").fill("olga@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main[data-inbox]")).to_be_visible(timeout=20_000)
    page.wait_for_load_state("load")  # keys work once the scripts have run


@contextmanager
def inbox(environment: dict[str, str]) -> Iterator[tuple[Browser, str]]:
    call(environment, "setup")
    make_owner(environment)
    call(environment, code=SEED + TALKS)
    with chromium() as browser, running(environment) as url:
        yield browser, url


def watched(browser: Browser, **how: object) -> tuple[Page, list[str]]:
    """A page whose console and script errors (a broken policy among them) are kept."""
    page = browser.new_context(**how).new_page()  # type: ignore[arg-type]
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    return page, wrong


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent + ' #' + document.activeElement.id"))


def test_an_agent_works_by_keyboard_alone(fresh_environment: dict[str, str]) -> None:
    with inbox(fresh_environment) as (browser, url):
        page, wrong = watched(browser, viewport={"width": 1440, "height": 900})
        sign_in(page, url)
        page.keyboard.press("j")
        assert "Tobias Renner" in focused(page)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        talk = page.locator("#conversation")
        expect(talk).to_contain_text("It dies after eight minutes")
        expect(page).to_have_url(re.compile(r"/inbox/\d+/"))

        page.keyboard.press("r")
        page.keyboard.type("Sorry, Mara. j k e x")  # letters are letters in a field
        expect(page.locator("#draft-state")).to_have_text("Draft kept")
        page.reload()
        expect(page.locator("#answer")).to_have_value("Sorry, Mara. j k e x")

        page.keyboard.press("r")
        page.keyboard.press("Control+Enter")
        page.keyboard.press("Control+Enter")  # a second time, in a hurry
        expect(page.locator("#toasts")).to_contain_text("Sending to Mara Lindqvist")
        expect(page.locator(".msg.us")).to_have_count(1)
        page.keyboard.press("Escape")
        page.keyboard.press("z")
        expect(page.locator("#answer")).to_have_value("Sorry, Mara. j k e x")
        expect(page.locator(".msg.us")).to_have_count(0)

        page.keyboard.press("Control+Shift+Enter")
        expect(talk).to_contain_text("old dock")  # the next one
        expect(page.locator("#rows > li:visible")).to_have_count(2)
        page.keyboard.press("h")
        assert "Tomorrow, 9:00" in focused(page)
        page.keyboard.press("Enter")
        expect(page.locator("#toasts")).to_contain_text("Snoozed 1 conversation")
        expect(page.locator("#rows > li:visible")).to_have_count(1)
        page.keyboard.press("z")
        expect(page.locator("#rows > li:visible")).to_have_count(2)

        page.keyboard.press("Escape")
        for key in ("*", "a"):
            page.keyboard.press(key)
        expect(page.locator("#picked")).to_have_text("2 selected")
        page.keyboard.press("e")
        expect(page.locator("#toasts")).to_contain_text("Closed 2 conversations")
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_contain_text("Next conversation")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        page.keyboard.type("people")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/people/"))
        assert wrong == []


def test_what_arrives_waits_behind_a_bar_and_nothing_moves(fresh_environment: dict[str, str]) -> None:
    with inbox(fresh_environment) as (browser, url):
        page, wrong = watched(browser, viewport={"width": 1440, "height": 900})
        sign_in(page, url)
        page.locator("#rows .row").nth(1).click()
        expect(page.locator("#conversation")).to_contain_text("eight minutes")
        page.locator("#answer").fill("I am writing")
        before = page.locator("#rows > li").evaluate_all("rows => rows.map(r => r.dataset.id)")
        call(
            fresh_environment,
            code=SEED + "say('Yusuf Demir', 'Where is my refund? Please answer me.', 0)\n"
            "first = ('<seed1@example.com>',)\n"
            "say('Mara Lindqvist', 'And now it is silent', 0, parents=first, subject='Re: Battery dies')",
        )
        expect(page.locator("#news")).to_contain_text("1 new", timeout=15_000)
        expect(page.locator("#thread")).to_contain_text("And now it is silent")
        expect(page.locator("#answer")).to_have_value("I am writing")
        assert page.locator("#rows > li").evaluate_all("rows => rows.map(r => r.dataset.id)") == before
        page.keyboard.press("Escape")
        page.keyboard.press(".")
        expect(page.locator("#rows")).to_contain_text("Yusuf Demir")
        expect(page.locator("#rows .row[aria-current]")).to_contain_text("Mara Lindqvist")
        assert wrong == []


def first_run(page: Page, url: str) -> None:
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


def test_the_first_run_leads_from_nothing_to_an_inbox(fresh_environment: dict[str, str]) -> None:
    call(fresh_environment, "setup")
    with chromium() as browser, running(fresh_environment) as url:
        page, _ = watched(browser, viewport={"width": 390, "height": 844})
        first_run(page, url)
        page.get_by_role("link", name="Go to the inbox").click()
        expect(page.locator("#list")).to_contain_text("Nobody waits for an answer")


def test_pages_are_accessible_and_fit_a_phone_in_both_themes(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not here: npm ci")
    with inbox(fresh_environment) as (browser, url):
        for width, theme in ((1440, "dark"), (390, "light")):  # the others are in test_pages.py
            how = {"viewport": {"width": width, "height": 844}, "color_scheme": theme, "bypass_csp": True}
            page, _ = watched(browser, **how)
            sign_in(page, url)
            talk = str(page.locator("#rows .row").nth(1).get_attribute("href"))
            addresses = [talk, talk + "#context", *ADDRESSES]
            wrong = [problem for address in addresses for problem in look(page, url + address)]
            assert wrong == [], f"{width} {theme}"
            page.context.close()


def look(page: Page, address: str) -> list[str]:
    """What axe finds, and by how much the page is wider than the screen."""
    page.goto(address)
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    wrong = [f"{address}: {v['id']}: {v['nodes'][0]['html'][:200]}" for v in found["violations"]]
    beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wrong + ([f"{address}: {beyond} px too wide"] if beyond > 0 else [])


def test_without_script_one_reads_and_answers(fresh_environment: dict[str, str]) -> None:
    with inbox(fresh_environment) as (browser, url):
        page, _ = watched(browser, java_script_enabled=False, viewport={"width": 390, "height": 844})
        sign_in(page, url)
        page.locator("#rows .row").first.click()
        expect(page.locator("#conversation")).to_contain_text("Still no parcel")
        page.locator("#answer").fill("It left today.")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator("#toasts")).to_contain_text("Sending to Tobias Renner")
        expect(page.locator(".msg.us")).to_contain_text("It left today.")
        page.locator("#toasts button").click()
        expect(page.locator(".msg.us")).to_have_count(0)
        expect(page.locator("#answer")).to_have_value("It left today.")
