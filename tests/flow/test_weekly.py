"""Composed once for everybody who follows, and mailed once."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.policy import default
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.flow import weekly
from crowdalogue.models import Account, Company, Concern, User, WeeklyMail, WeeklyPage
from crowdalogue.relate import facts
from tests.mailserver import MailServer, mail_server, missing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Any, db: None) -> None:
    settings.HOME = tmp_path
    facts.rebuild()


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (datetime(2026, 11, 16, 5, 59, tzinfo=UTC), date(2026, 11, 2)),  # Monday, before six: last week is not read
        (datetime(2026, 11, 16, 6, 1, tzinfo=UTC), date(2026, 11, 9)),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), date(2026, 11, 9)),
        (datetime(2026, 1, 5, 12, tzinfo=UTC), date(2025, 12, 29)),
    ],
)
def test_the_last_week_that_is_over(company: Company, now: datetime, monday: date) -> None:
    assert flow.newest_week(now) == monday


def test_the_week_begins_where_the_company_is(company: Company) -> None:
    Company.objects.update(timezone="Pacific/Auckland")
    assert flow.newest_week(datetime(2026, 11, 15, 17, 30, tzinfo=UTC)) == date(2026, 11, 9)


def test_pages_are_composed_once_for_all_and_for_each_concern(company: Company, helper: User, manager: User) -> None:
    now = timezone.now()
    Concern.objects.create(user=helper, name="Chat", query="channel=webchat", by_mail=False)
    Concern.objects.create(user=manager, name="Chat too", query="channel=webchat")
    Concern.objects.create(user=manager, name="All", query="")
    assert weekly.compose_due(now) == 2
    assert weekly.compose_due(now) == 0
    assert set(WeeklyPage.objects.values_list("query", flat=True)) == {"", "channel=webchat"}
    assert set(WeeklyMail.objects.values_list("concern__name", flat=True)) == {"Chat too", "All"}


def test_filters_nobody_can_read_fail_on_the_page_and_once(company: Company, helper: User) -> None:
    Concern.objects.create(user=helper, name="Odd", query="from=yesterday&to=tomorrow")
    assert weekly.compose_due(timezone.now()) == 2
    assert weekly.compose_due(timezone.now()) == 0
    assert WeeklyPage.objects.exclude(query="").get().content["refused"]


def test_a_week_the_columns_do_not_reach_is_shown_and_not_kept(company: Company, settings: Any, tmp_path: Any) -> None:
    settings.HOME = tmp_path / "without columns"
    page = weekly.compose_week(flow.newest_week(timezone.now()))
    assert page.pk is None and "Too few" in page.content["refused"]
    assert weekly.compose_due(timezone.now()) == 0


def test_an_install_without_a_company_composes_nothing(db: None) -> None:
    assert weekly.tend_weekly() is False


def test_without_a_mailbox_it_waits_and_says_why(company: Company, helper: User) -> None:
    Concern.objects.create(user=helper, name="All", query="")
    assert weekly.tend_weekly()
    mail = WeeklyMail.objects.get()
    assert mail.state == WeeklyMail.State.QUEUED
    WeeklyMail.objects.update(not_before=timezone.now())
    weekly.send_due(timezone.now())
    mail.refresh_from_db()
    assert mail.state == WeeklyMail.State.QUEUED  # somebody may connect one within the day
    assert "no mailbox to send from" in mail.reason and mail.not_before > timezone.now()
    WeeklyMail.objects.update(not_before=timezone.now(), created_at=timezone.now() - timedelta(days=9))
    weekly.send_due(timezone.now())
    mail.refresh_from_db()
    assert mail.state == WeeklyMail.State.FAILED


@pytest.fixture
def post() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_it_arrives_once(company: Company, helper: User, account: Callable[..., Account], post: MailServer) -> None:
    given = post.settings("care@example.com")
    secrets = {name: given.pop(name) for name in list(given) if name.endswith("_secret")}
    account("email", settings=given, secrets=secrets)
    Concern.objects.create(user=helper, name="All of it", query="")
    assert weekly.tend_weekly()
    weekly.send_due(timezone.now() + timedelta(minutes=1))
    WeeklyMail.objects.update(state=WeeklyMail.State.QUEUED, not_before=timezone.now())  # as after a cut-off
    weekly.send_due(timezone.now())
    mail = WeeklyMail.objects.get()
    assert mail.state == WeeklyMail.State.SENT and mail.sent_at
    arrived = [email.message_from_bytes(content, policy=default) for to, content in post.sent if to == [helper.email]]
    assert len(arrived) == 2 and len({m["Message-ID"] for m in arrived}) == 1  # a mailbox shows it once
    body = arrived[0].get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "What changed" in text and f"/weekly/{WeeklyPage.objects.get().start}/" in text
    assert "All of it: the week of" in str(arrived[0]["Subject"])
