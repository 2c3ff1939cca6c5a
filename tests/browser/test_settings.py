"""Settings in a real browser, before the real program: connect, import and watch it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.program import PASSWORD, chromium, make_owner, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def sign_in(page: Page, url: str) -> None:
    page.goto(url + "/accounts/login/?next=/settings/")
    page.locator("input[name=login]").fill("olga@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible(timeout=20_000)


def test_a_file_is_imported_and_watched_to_its_end(fresh_environment: dict[str, str], tmp_path: Path) -> None:
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
