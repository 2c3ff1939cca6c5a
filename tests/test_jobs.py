"""The worker: what waits is done, one broken turn never ends a loop, and a stop is a stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from crowdalogue import flow, jobs
from crowdalogue.models import Account, Import, Message, Reading, User
from tests import mailserver
from tests.said import write

MAIL = (
    b"From: mara@example.com\r\nTo: help@example.com\r\nMessage-ID: <%d@example.com>\r\nSubject: hi\r\n\r\nHello %d\r\n"
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(bool(mailserver.missing()), reason=mailserver.missing() or "present")
def test_drain_does_everything_that_waits(account: Callable[..., Account], helper: User) -> None:
    with mailserver.mail_server() as server:
        given = server.settings("help@example.com")
        mailbox = account("email", settings=given, secrets={k: given[k] for k in given if "secret" in k})
        for number in range(30):
            server.deliver("help@example.com", MAIL % (number, number))
        jobs.work(threading.Event(), once=True)
        assert Message.objects.count() == Reading.objects.count() == 30
        conversation = Message.objects.earliest("id").conversation
        flow.answer(helper, conversation, "Hello back", key="drain-12345")
        jobs.drain()
        assert server.sent[0][0] == ["mara@example.com"]
        mailbox.refresh_from_db()
        assert mailbox.last_success_at is not None
        server.stop()
        jobs.drain()  # a mail server that is away is said on the account and stops nothing else
        mailbox.refresh_from_db()
        assert mailbox.last_error


@pytest.mark.django_db(transaction=True)
def test_the_loops_read_what_comes_and_end_when_told(account: Callable[..., Account]) -> None:
    stop = threading.Event()
    worker = threading.Thread(target=jobs.work, args=(stop,))
    worker.start()
    try:
        write(account("social"))
        ready = threading.Event()
        for _ in range(300):
            if Reading.objects.exists():
                break
            ready.wait(0.1)
        assert Reading.objects.count() == 1
    finally:
        stop.set()
        worker.join(timeout=60)
    assert not worker.is_alive()


def test_a_turn_that_breaks_is_logged_and_the_loop_lives(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> bool:
        raise ValueError("a text of a customer")

    assert jobs.safely("test", broken) is False
    assert "test stopped in the middle of a turn" in caplog.text
    assert jobs.safely("test", lambda: True) is True


@pytest.mark.django_db
def test_an_import_whose_file_is_gone_fails_with_the_reason() -> None:
    run = Import.objects.create(name="gone.csv", path="gone.csv", state="waiting", mapping={"text": "text"})
    assert jobs.run_imports(threading.Event())
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.reason
