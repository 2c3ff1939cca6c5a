"""A watch before a real browser: tried, saved, and its hits judged by keyboard without a new page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.program import PASSWORD, call, chromium, make_owner, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SEED = """
from datetime import timedelta
from django.utils import timezone
from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account
mail = Account.objects.create(kind='email', name='Care', state='paused', settings={'address': 'care@example.com'})
def said(n):
    at = timezone.now() - timedelta(hours=n)
    return Incoming(f'<w{n}@example.com>', Author(f'ann{n}@example.com', f'Ann {n}'), f'Parcel number {n} is late', at)
flow.file(mail, [said(n) for n in range(1, 4)])
flow.process()
"""


def test_a_watch_is_tried_saved_and_judged_by_keyboard(shared_environment: dict[str, str]) -> None:
    make_owner(shared_environment)
    call(shared_environment, code=SEED)
    with chromium() as browser, running(shared_environment) as url:
        page = browser.new_page()
        page.goto(url + "/accounts/login/?next=/watches/new/")
        page.locator("input[name=login]").fill("olga@example.com")
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_label("Any of these words").fill("parcel\nparsley")
        page.get_by_role("button", name="Save and listen").click()
        expect(page.get_by_label("Name", exact=True)).to_be_focused()  # what is wrong, and its words are kept
        expect(page.get_by_label("Any of these words")).to_have_value("parcel\nparsley")
        page.get_by_role("button", name="Try it").click()
        expect(page.locator("#trial-t")).to_contain_text("3 messages since")
        expect(page.locator("#trial mark").first).to_have_text("Parcel")
        page.get_by_label("Name", exact=True).fill("Parcels")
        page.get_by_role("button", name="Save and listen").click()
        expect(page.locator("#figures")).to_contain_text("Found")
        expect(page.locator("#figures progress")).to_have_count(0, timeout=60_000)  # the worker went through the past
        page.reload()
        expect(page.locator("[data-judged] > li")).to_have_count(3)
        page.keyboard.press("j")
        page.keyboard.press("y")
        first, second, third = (page.locator("[data-judged] > li").nth(n) for n in range(3))
        expect(first.get_by_role("button", name="Right")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("w")
        expect(second.get_by_role("button", name="Wrong")).to_have_attribute("aria-pressed", "true")
        expect(third.get_by_role("link").first).to_be_focused()
        expect(page.locator("#figures")).to_contain_text("put the words they share")
        page.reload()
        expect(first.get_by_role("button", name="Right")).to_have_attribute("aria-pressed", "true")
