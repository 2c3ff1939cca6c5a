"""The agent's screens in a real browser: keyboard alone, live arrival, and no script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.program import PASSWORD, call, chromium, make_owner, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=15_000)  # a busy machine is not a fault of the page

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


CLEAR = """
from crowdalogue.models import *
Conversation.objects.all().delete()
Person.objects.all().delete()
"""
Program = tuple[Browser, str, dict[str, str]]


@pytest.fixture(scope="module")
def program(shared_environment: dict[str, str]) -> Iterator[Program]:
    make_owner(shared_environment)
    with chromium() as browser, running(shared_environment) as url:
        yield browser, url, shared_environment


@pytest.fixture
def inbox(program: Program) -> Program:
    """The running program with the same five conversations, whatever the test before did to them."""
    call(program[2], code=CLEAR + SEED + TALKS)
    return program


def watched(browser: Browser, **how: object) -> tuple[Page, list[str]]:
    """A page whose console and script errors (a broken policy among them) are kept."""
    page = browser.new_context(**how).new_page()  # type: ignore[arg-type]
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    return page, wrong


def expect_focus(page: Page, text: str) -> None:
    expect(page.locator(":focus")).to_contain_text(text)


def test_an_agent_works_by_keyboard_alone(inbox: Program) -> None:
    browser, url, _ = inbox
    page, wrong = watched(browser, viewport={"width": 1440, "height": 900})
    sign_in(page, url)
    page.keyboard.press("j")
    expect_focus(page, "Tobias Renner")
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
    expect_focus(page, "Tomorrow, 9:00")
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


def test_what_arrives_waits_behind_a_bar_and_nothing_moves(inbox: Program) -> None:
    browser, url, environment = inbox
    page, wrong = watched(browser, viewport={"width": 1440, "height": 900})
    sign_in(page, url)
    page.locator("#rows .row").nth(1).click()
    expect(page.locator("#conversation")).to_contain_text("eight minutes")
    page.locator("#answer").fill("I am writing")
    before = page.locator("#rows > li").evaluate_all("rows => rows.map(r => r.dataset.id)")
    call(
        environment,
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


def test_without_script_one_reads_and_answers(inbox: Program) -> None:
    browser, url, _ = inbox
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
