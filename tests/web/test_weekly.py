"""The weekly page: its headline, its lines with where they lead, following it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.models import Account, Concern, User, WeeklyMail, WeeklyPage
from crowdalogue.relate import facts
from crowdalogue.web.weekly import clean, said, title

pytestmark = pytest.mark.django_db
CHANGED = {
    "kind": "intent",
    "text": "complaint: 80 people of 90 (88.9%), after 33.3% before.",
    "sure": "2.7 times as many, 95% from 2.0 to 3.5",
    "direction": "up",
    "view": "messages",
    "query": "from=2026-11-09&to=2026-11-15&intent=complaint",
    "compare": "a=x&b=y",
}


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Any, db: None) -> None:
    settings.HOME = tmp_path
    facts.rebuild()


def keep(query: str = "", **content: Any) -> str:
    monday = flow.newest_week(timezone.now())
    whole = {"changed": [CHANGED], "looks": 40, "people": 90, "messages": 120, **content}
    WeeklyPage.objects.create(start=monday, query=query, content=whole)
    return f"/weekly/{monday}/"


def test_what_changed_leads_to_its_messages(manager: User, client_for: Callable[..., Client]) -> None:
    url = keep(done=[{"n": 3, "text": "3 conversations closed"}], decide=[{"text": "2 alarms", "view": "alarms"}])
    page = client_for(manager).get(url).content.decode()
    assert "<h1>complaint: 80 people of 90 (88.9%), after 33.3% before</h1>" in page
    assert "/messages/?from=2026-11-09&amp;to=2026-11-15&amp;intent=complaint" in page
    assert "2.7 times as many" in page and "/compare/?a=x&amp;b=y" in page
    assert "3 conversations closed" in page and 'href="/alarms/"' in page


def test_the_newest_week_is_composed_when_somebody_looks(manager: User, client_for: Callable[..., Client]) -> None:
    client = client_for(manager)
    response = client.get("/weekly/", {"channel": "email", "period": "7d"})
    assert response.url == f"/weekly/{flow.newest_week(timezone.now())}/?channel=email"
    page = client.get(response.url).content.decode()
    assert "Too few to say" in page and "E-mail" in page
    assert WeeklyPage.objects.get().query == "channel=email"


def test_weeks_that_are_not_over_or_are_none_are_not_found(manager: User, client_for: Callable[..., Client]) -> None:
    client = client_for(manager)
    for day in (str(timezone.localdate() + timedelta(days=1)), "1999-01-01", "last", "2026-99-99"):
        assert client.get(f"/weekly/{day}/").status_code == 404


def test_follow_change_and_stop(helper: User, client_for: Callable[..., Client]) -> None:
    client, day = client_for(helper), str(flow.newest_week(timezone.now()))
    keep("channel=email")
    client.post("/weekly/follow/", {"query": "channel=email", "day": day, "name": "Mail", "by_mail": "on"})
    assert Concern.objects.get().by_mail
    client.post("/weekly/follow/", {"query": "channel=email", "day": day, "name": "Post"})
    assert (Concern.objects.get().name, Concern.objects.get().by_mail) == ("Post", False)
    assert "Post" in client.get(f"/weekly/{day}/?channel=email").content.decode()
    client.post("/weekly/follow/", {"query": "channel=email", "day": day, "drop": "1"})
    assert not Concern.objects.exists()


def test_a_stranger_sees_nothing(stranger: User, client_for: Callable[..., Client]) -> None:
    assert client_for(stranger).get("/weekly/").status_code == 403
    assert client_for(stranger).get("/weekly/questions/").status_code == 403


def test_headlines() -> None:
    assert title({"changed": [CHANGED, CHANGED]}).endswith("after 33.3% before, and 1 more")
    assert title({"changed": [{"text": "as usual", "usual": True}]}) == "Nothing changed beyond chance"
    assert title({"changed": [{"text": "x"}], "refused": "Too few to say: n = 3"}) == "Too few to say"
    assert said("") == "Everything"
    assert said("channel=email&sentiment=negative") == "E-mail, Negative"
    assert clean("period=7d&channel=email") == "channel=email"
    assert clean("from=yesterday&to=x") == ""


def test_a_mail_that_did_not_come_says_why(
    helper: User, client_for: Callable[..., Client], account: Callable[..., Account]
) -> None:
    url = keep()
    concern = Concern.objects.create(user=helper, name="All", query="")
    why = "The mail server refused the password. Enter it anew."
    WeeklyMail.objects.create(page=WeeklyPage.objects.get(), concern=concern, state="failed", reason=why)
    assert "No mail can leave" in client_for(helper).get(url).content.decode()
    account("email")
    assert f"The mail of this page to you: not delivered. {why}" in client_for(helper).get(url).content.decode()
