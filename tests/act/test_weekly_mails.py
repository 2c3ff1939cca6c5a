"""What the weekly mail says, and that each is tried by one worker at a time."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from crowdalogue.act import weekly_mails
from crowdalogue.models import Concern, User, WeeklyPage

pytestmark = pytest.mark.django_db


def page_of(query: str = "", **content: object) -> WeeklyPage:
    return WeeklyPage.objects.create(start=date(2026, 11, 9), query=query, content=content)


def test_the_letter_says_what_how_sure_and_where(helper: User) -> None:
    concern = Concern.objects.create(user=helper, name="Kettles", query="product=Kettle")
    changed = [{"text": "120 people wrote, more than usual (2.0 times as many).", "sure": "40 to 80 are usual"}]
    text = weekly_mails.letter(page_of("product=Kettle", changed=changed), concern)
    assert text.startswith("Kettles, 9 November 2026 to 15 November 2026")
    assert "- 120 people wrote, more than usual (2.0 times as many). (40 to 80 are usual)" in text
    assert "/weekly/2026-11-09/?product=Kettle" in text
    assert "What was done" not in text
    assert "Nothing beyond chance." in weekly_mails.letter(page_of(changed=[]), concern)


def test_each_is_queued_once(helper: User, stranger: User) -> None:
    Concern.objects.create(user=helper, name="All", query="")
    Concern.objects.create(user=stranger, name="All", query="", by_mail=False)
    page = page_of()
    weekly_mails.queue(page)
    weekly_mails.queue(page)
    now = timezone.now()
    assert [mail.concern.user for mail in weekly_mails.due(now)] == [helper]
    assert weekly_mails.due(now) == []
