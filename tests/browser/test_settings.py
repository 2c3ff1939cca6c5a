"""Settings in a real browser, before the real program: connect, import and watch it, every page by axe and phone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.program import PASSWORD, call, chromium, make_owner, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "/settings/",
    "/settings/channels/",
    "/settings/channels/connect/",
    "/settings/channels/connect/email/",
    "/settings/channels/1/",
    "/settings/deliveries/",
    "/settings/deliveries/1/",
    "/settings/promises/",
    "/settings/promises/hours/",
    "/settings/promises/hours/1/",
    "/settings/brands/",
    "/settings/brands/1/",
    "/settings/team/",
    "/settings/tokens/",
    "/settings/audit/",
    "/imports/",
    "/imports/new/",
    "/imports/1/",
    "/imports/2/",
)
SEED = """
import tempfile, pathlib
from crowdalogue import flow
from crowdalogue.channels.base import Raw
from crowdalogue.listen import imports
from crowdalogue.models import *
olga = User.objects.get()
hook = flow.connect('webhook', 'Shop', {'proof': 'signature', 'secret': '', 'map': ''}, user=olga)
flow.receive(hook, Raw(b'{"messages": [{"id": "1"'), trusted=True)
for number in range(30):
    Brand.objects.create(name=f'A brand with a long name {number}', competitor=number > 20)
hours = Hours.objects.create(name='Care', week=[[['09:00', '17:00']]] * 5 + [[], []])
Target.objects.create(first_minutes=30, hours=hours)
folder = pathlib.Path(tempfile.mkdtemp())
(folder / 'past.csv').write_text('id,text,who,date\\n1,' + 'very long words ' * 20 + ',ann@example.com,03/04/2024\\n')
imports.begin(folder / 'past.csv', user=olga, confirmed=False)
(folder / 'done.csv').write_text('id,text\\n1,hello there\\n2,\\n')
imports.run(imports.begin(folder / 'done.csv', user=olga), file=flow.file)
"""


def sign_in(page: Page, url: str) -> None:
    page.goto(url + "/accounts/login/?next=/settings/")
    page.locator("input[name=login]").fill("olga@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible(timeout=20_000)


def test_every_page_on_both_sizes_and_themes(fresh_environment: dict[str, str]) -> None:
    call(fresh_environment, "setup")
    make_owner(fresh_environment)
    call(fresh_environment, code=SEED)
    wrong: list[str] = []
    with chromium() as browser, running(fresh_environment) as url:
        for width, theme in ((1440, "light"), (390, "dark")):
            page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme).new_page()  # type: ignore[arg-type]
            page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda e: wrong.append(str(e)))
            sign_in(page, url)
            for address in PAGES:
                where = f"{address} at {width}"
                answer = page.goto(url + address)
                assert answer and answer.status == 200, where
                over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert over <= 0, f"{where} overflows by {over} px"
                if AXE.exists():
                    page.evaluate(AXE.read_text())
                    found = page.evaluate("axe.run().then(r => r.violations.map(v => v.id + ' ' + v.nodes[0].target))")
                    assert not found, f"{where}: {found}"
    assert not wrong


def test_a_file_is_imported_and_watched_to_its_end(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    call(fresh_environment, "setup")
    make_owner(fresh_environment)
    file = tmp_path / "reviews.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["review_id", "review", "author", "date", "rating"])
        writer.writerows([i, f"The {i}th thing I bought", f"u{i % 90}", "2024-05-17", i % 5 + 1] for i in range(2500))
        writer.writerow(["last", "", "=cmd", "2024-05-17", 1])
    with chromium() as browser, running(fresh_environment) as url:
        page = browser.new_page()
        sign_in(page, url)
        page.goto(url + "/imports/new/")
        page.get_by_label("A file with past messages").set_input_files(file)
        page.get_by_role("button", name="Look at it").click()
        expect(page.get_by_role("heading", name="These look like reviews with ratings.")).to_be_visible()
        expect(page.get_by_role("cell", name="The 3th thing I bought")).to_be_visible()
        page.get_by_role("button", name="Import", exact=True).click()
        # Nobody loads the page again: it follows by itself.
        expect(page.get_by_role("heading", name="2,500 messages are new")).to_be_visible(timeout=90_000)
        with page.expect_download() as download:
            page.get_by_role("link", name="1 row with reasons").click()
        assert "'=cmd" in Path(download.value.path()).read_text("utf-8-sig")
        page.goto(url + "/imports/")
        expect(page.get_by_role("row", name="reviews.csv")).to_contain_text("Done")
