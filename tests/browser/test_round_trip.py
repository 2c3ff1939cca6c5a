"""A customer writes a mail; it appears in an open page; the agent answers by keyboard alone; it arrives, threaded."""

from __future__ import annotations

import email
import smtplib
import time
from email.message import EmailMessage
from email.policy import default

import pytest
from playwright.sync_api import Page, expect

from tests import mailserver
from tests.browser.program import PASSWORD, call, chromium, make_owner, running
from tests.mailserver import MailServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.peer,
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(mailserver.missing()), reason=mailserver.missing() or "present"),
]


def mail(subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Mara Lind <mara@example.com>"
    message["To"] = "help@example.com"
    message["Subject"] = subject
    message["Message-ID"] = f"<{time.time_ns()}@example.com>"
    message["Date"] = email.utils.formatdate()
    message.set_content(text)
    return message


def post(server: MailServer, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", server.smtp) as door:
        door.send_message(message)


def sign_in(page: Page, url: str) -> None:
    page.goto(url + "/accounts/login/")
    page.locator("input[name=login]").fill("olga@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "login" not in address)


def test_a_mail_is_answered_by_keyboard_and_arrives_threaded(fresh_environment: dict[str, str]) -> None:
    with mailserver.mail_server() as server, chromium() as browser:
        make_owner(fresh_environment)
        settings = server.settings("help@example.com")
        call(fresh_environment, code=f"from crowdalogue import flow\nflow.connect('email', 'Care', {settings!r})")
        with running(fresh_environment) as url:
            page = browser.new_page()
            sign_in(page, url)
            page.goto(url + "/inbox/")
            first = mail("Parcel 48213", "Where is my parcel? It was promised for Tuesday.")
            # The first poll after a start signs in and begins to IDLE; what counts is the second mail.
            post(server, mail("Hello", "Is anybody there?"))
            expect(page.locator("main")).to_contain_text("Is anybody there?", timeout=30_000)
            arrived = time.monotonic()
            post(server, first)
            expect(page.locator("main")).to_contain_text("1 new", timeout=20_000)
            took = time.monotonic() - arrived
            print(f"\nfrom SMTP to an open page: {took:.2f} s")

            page.reload()
            page.keyboard.press("j")
            page.keyboard.press("j")
            page.keyboard.press("Enter")
            expect(page.locator("#conversation")).to_contain_text("promised for Tuesday", timeout=10_000)
            page.keyboard.press("r")
            page.keyboard.type("It left our store this morning and arrives tomorrow.")
            page.keyboard.press("Control+Enter")
            wait_for_answer(server, first)
            expect(page.locator("#conversation")).to_contain_text("Sent", timeout=30_000)
            assert took < 10, "a mail took more than ten seconds to show in an open page"


def wait_for_answer(server: MailServer, question: EmailMessage) -> None:
    """The customer's mailbox holds exactly one answer, threaded under the question."""
    box = server.mailbox("mara@example.com")
    until = time.monotonic() + 60
    answers: list[int] = []
    while time.monotonic() < until and not answers:
        box.select_folder("INBOX")
        answers = box.search("ALL")
        time.sleep(0.3)
    assert len(answers) == 1
    answer = email.message_from_bytes(box.fetch(answers, ["RFC822"])[answers[0]][b"RFC822"], policy=default)
    assert answer["In-Reply-To"] == question["Message-ID"]
    assert question["Message-ID"] in answer["References"]
    assert answer["Subject"] == f"Re: {question['Subject']}"
    body = answer.get_body(("plain",))
    assert body is not None
    assert "left our store this morning" in body.get_content()
    box.logout()
