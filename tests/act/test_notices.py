"""A row that waits is tried by one worker at a time, later each time, and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.act import notices
from crowdalogue.channels.base import Author
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Concern, User, WeeklyMail, WeeklyPage

SOON = Failure("The other side is away.", permanent=False)


@pytest.fixture
def mails(helper: User, stranger: User) -> list[WeeklyMail]:
    page = WeeklyPage.objects.create(start=date(2026, 11, 9), query="")
    concerns = [Concern.objects.create(user=user, name="All", query="") for user in (helper, stranger)]
    return [WeeklyMail.objects.create(page=page, concern=concern) for concern in concerns]


def test_each_row_has_one_worker_until_its_lease_ran_out(mails: list[WeeklyMail]) -> None:
    now = timezone.now()
    (first,) = notices.due(WeeklyMail, now, 1, "concern__user")
    (second,) = notices.due(WeeklyMail, now, 10)
    assert [first, second] == mails and (first.attempts, first.not_before) == (1, now + notices.LEASE)
    assert notices.due(WeeklyMail, now, 10) == []
    assert notices.due(WeeklyMail, now + notices.LEASE, 10) == mails


def test_a_row_that_changed_under_way_is_another_workers(mails: list[WeeklyMail]) -> None:
    WeeklyMail.objects.filter(pk=mails[0].pk).update(state=WeeklyMail.State.SENT)
    assert notices.due(WeeklyMail, timezone.now(), 10) == mails[1:]


def test_the_reason_is_kept_and_it_is_tried_again_for_a_day(mails: list[WeeklyMail]) -> None:
    (mail, _) = notices.due(WeeklyMail, timezone.now(), 10)
    notices.put_off(mail, SOON)
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == ("queued", SOON.text)
    assert timedelta(0) < mail.not_before - timezone.now() <= notices.BACK_OFF[0]
    mail.created_at = timezone.now() - notices.LONGEST_TRY - timedelta(minutes=1)
    notices.put_off(mail, SOON)
    mail.refresh_from_db()
    assert mail.state == "failed"


@pytest.mark.parametrize(("failure", "over"), [(Failure("No such address."), False), (SOON, True)])
def test_what_cannot_help_is_not_tried_again(mails: list[WeeklyMail], failure: Failure, over: bool) -> None:
    notices.put_off(mails[0], failure, over=over)
    mails[0].refresh_from_db()
    assert (mails[0].state, mails[0].reason) == ("failed", failure.text)


@given(st.integers(0, 40_000))
def test_every_wait_is_one_of_the_steps_and_none_is_shorter_than_the_one_before(attempts: int) -> None:
    now = timezone.now()
    one, next_one = notices.next_try(attempts), notices.next_try(attempts + 1)
    assert notices.BACK_OFF[0] <= one - now
    assert one <= next_one <= timezone.now() + notices.BACK_OFF[-1]


@pytest.mark.django_db
def test_mails_leave_by_the_first_mailbox_that_is_the_companys_and_active(account: Callable[..., Account]) -> None:
    account("social")
    account("email", demo=True)
    account("email", state=Account.State.PAUSED)
    with pytest.raises(Failure, match="no mailbox to send from") as refused:
        notices.send_mail("alarm-1-1", Author("ada@example.com"), "Alarm", "Lids")
    assert not refused.value.permanent  # somebody may connect one within the day
    mine = account("email")
    account("email")
    assert notices.mailbox() == mine
