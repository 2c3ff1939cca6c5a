"""Promises and hours on the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, Audit, Conversation, Hours, Target, User
from crowdalogue.web.promises import example

pytestmark = pytest.mark.django_db
For = Callable[..., Client]
WEEK = {f"day{n}": "9-12:30, 13:30-18" for n in range(4)} | {"day4": "09:00-15:00"}
HOURS = {"name": "Care", "timezone": "Europe/Berlin", "holidays": "2026-12-25\n2026-12-26"} | WEEK
PROMISE = {"kind": "email", "first": "4", "first_unit": "60", "following": "1", "following_unit": "1440"}


@pytest.fixture
def client(client_for: For, owner: User) -> Client:
    return client_for(owner)


def test_hours_are_read_as_people_write_them_and_said_back(client: Client) -> None:
    assert client.post(reverse("hours_new"), HOURS).status_code == 302
    row = Hours.objects.get()
    assert row.week[0] == [["09:00", "12:30"], ["13:30", "18:00"]] and row.week[5] == []
    assert row.holidays == ["2026-12-25", "2026-12-26"]
    page = client.get(reverse("promises")).content.decode()
    assert "Monday to Thursday" in page and "09:00–12:30, 13:30–18:00" in page and "Saturday to Sunday" in page


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("day0", "nine to five", "is no span of time"),
        ("day0", "17:00-09:00", "is no span of time"),
        ("day1", "09:00-12:00, 11:00-13:00", "Two spans overlap"),
        ("holidays", "25/12/2026", "is no date"),
        ("day2", "09:00-25:00", "is no span of time"),
    ],
)
def test_what_is_wrong_with_hours_is_said_beside_the_field(client: Client, field: str, typed: str, words: str) -> None:
    answer = client.post(reverse("hours_new"), HOURS | {field: typed})
    assert answer.status_code == 422 and words in answer.context["form"].errors[field][0]
    assert not Hours.objects.exists()


def test_hours_without_any_hour_are_refused(client: Client) -> None:
    answer = client.post(reverse("hours_new"), {"name": "Never", "timezone": "UTC"})
    assert answer.status_code == 422 and not Hours.objects.exists()


def test_a_promise_is_kept_said_and_holds_for_those_waiting(client: Client, account: Callable[..., Account]) -> None:
    box = account("email")
    written = timezone.now() - timedelta(minutes=5)
    flow.file(box, [Incoming("1", Author("ada@example.com"), "Where is it?", written)])
    before = Conversation.objects.get().due_at
    assert client.post(reverse("promises"), PROMISE).status_code == 302
    target = Target.objects.get()
    assert (target.kind, target.first_minutes, target.next_minutes) == ("email", 240, 1440)
    waiting = Conversation.objects.get()
    assert before and waiting.due_at == written + timedelta(hours=4)
    page = client.get(reverse("promises")).content.decode()
    assert "First answer within <b>4 h</b>" in page and "each further one within <b>1 day</b>" in page
    client.post(reverse("promise_drop", args=[target.pk]))
    assert not Target.objects.exists() and Conversation.objects.get().due_at == before
    assert Audit.objects.filter(deed="changed_promises").count() == 2


def test_the_example_counts_only_open_hours() -> None:
    hours = Hours(name="Care", timezone="Europe/Berlin", week=[[["09:00", "17:00"]]] * 5 + [[], []])
    now = datetime(2026, 11, 18, 12, tzinfo=UTC)
    assert (
        example(Target(first_minutes=30, hours=hours), now) == "Written on Friday at 16:50, answered by Monday 09:20."
    )
    assert (
        example(Target(first_minutes=10, hours=hours), now) == "Written on Friday at 16:50, answered by 17:00 that day."
    )


def test_removing_hours_leaves_the_promise_around_the_clock(client: Client) -> None:
    client.post(reverse("hours_new"), HOURS)
    hours = Hours.objects.get()
    client.post(reverse("promises"), PROMISE | {"hours": hours.pk})
    assert Target.objects.get().hours == hours
    client.post(reverse("hours_drop", args=[hours.pk]))
    assert Target.objects.get().hours is None


def test_an_agent_promises_nothing(client_for: For, helper: User) -> None:
    assert client_for(helper).post(reverse("promises"), PROMISE).status_code == 403
    assert not Target.objects.exists()
