"""Assign, tag, snooze, close, reopen, keep apart: one or many, with undo, by form and by script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crowdalogue.errors import Failure
from crowdalogue.models import Conversation, Event, User
from crowdalogue.web import deeds

Written = Callable[..., Conversation]
Browser = Callable[..., Client]


def do(client: Client, deed: str, *rows: Conversation, **more: str) -> dict[str, object]:
    given = {"deed": deed, "pick": [str(r.pk) for r in rows], **more}
    answer = client.post("/inbox/do/", given, headers={"HX-Request": "true"})
    told: dict[str, object] = answer.json()
    for row in rows:
        row.refresh_from_db()
    return told


@pytest.mark.parametrize(("deed", "state"), [("close", "closed"), ("snooze:tomorrow", "snoozed"), ("apart", "apart")])
def test_a_deed_and_its_undo(helper: User, client_for: Browser, written: Written, deed: str, state: str) -> None:
    first, second = written(name="A"), written(name="B")
    client = client_for(helper)
    told = do(client, deed, first, second)
    assert first.state == second.state == state and "2 conversations" in str(told["words"])
    assert told["done"] == sorted([first.pk, second.pk])
    assert client.post(str(told["undo"]), headers={"HX-Request": "true"}).json() == {"words": "Undone."}
    first.refresh_from_db(), second.refresh_from_db()
    assert first.state == second.state == "open" and first.snoozed_until is None
    assert client.post(str(told["undo"]), headers={"HX-Request": "true"}).json() == {"words": "It was undone already."}


def test_assign_to_me_to_a_colleague_and_to_nobody(
    helper: User, manager: User, analyst: User, client_for: Browser, written: Written
) -> None:
    row = written()
    client = client_for(helper)
    do(client, "assign:me", row)
    assert row.owner == helper
    do(client, f"assign:{manager.pk}", row)
    assert row.owner == manager
    do(client, "assign:none", row)
    assert row.owner is None
    assert "cannot answer" in str(do(client, f"assign:{analyst.pk}", row)["text"]) and row.owner is None


def test_tags_are_added_and_taken_off(helper: User, client_for: Browser, written: Written) -> None:
    row = written()
    client = client_for(helper)
    do(client, "tag", row, value=" late   parcel ")
    assert [t.name for t in row.tags.all()] == ["late parcel"]
    do(client, "untag:late parcel", row)
    assert not row.tags.exists()
    assert "no name" in str(do(client, "tag", row, value=" ")["text"])


def test_without_script_one_comes_back_with_a_toast_and_its_undo(
    helper: User, client_for: Browser, written: Written
) -> None:
    row = written()
    given = {"deed": "close", "pick": str(row.pk), "next": "/inbox/?queue=team"}
    answer = client_for(helper).post("/inbox/do/", given, follow=True)
    assert answer.redirect_chain == [("/inbox/?queue=team", 302)]
    page = answer.content.decode()
    event = Event.objects.get(deed="closed")
    assert "Closed 1 conversation." in page and f'action="/inbox/undo/{event.pk}/"' in page


def test_only_ones_own_deeds_are_undone(helper: User, owner: User, client_for: Browser, written: Written) -> None:
    row = written()
    told = do(client_for(helper), "close", row)
    client_for(owner).post(str(told["undo"]))
    row.refresh_from_db()
    assert row.state == "closed"


def test_doing_it_again_changes_nothing_and_says_so(helper: User, client_for: Browser, written: Written) -> None:
    row = written()
    client = client_for(helper)
    do(client, "assign:me", row)
    told = do(client, "assign:me", row)
    assert told["words"] == "Nothing had to be changed." and told["undo"] == ""


def test_what_is_no_deed_is_refused(helper: User, client_for: Browser, written: Written) -> None:
    assert "Nothing was chosen" in str(do(client_for(helper), "delete", written())["text"])


def test_an_analyst_changes_nothing(analyst: User, client_for: Browser, written: Written) -> None:
    row = written()
    assert client_for(analyst).post("/inbox/do/", {"deed": "close", "pick": str(row.pk)}).status_code == 403
    row.refresh_from_db()
    assert row.state == "open"


def test_snooze_times_are_in_the_readers_zone() -> None:
    now = datetime(2026, 3, 4, 17, 30, tzinfo=UTC)  # a Wednesday
    assert deeds.snooze_until("hour", now) == now + timedelta(hours=1)
    assert deeds.snooze_until("evening", now) == datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
    assert deeds.snooze_until("evening", now + timedelta(hours=1)) == datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
    assert deeds.snooze_until("monday", now) == datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):  # there it is 02:30 on the 5th
        assert deeds.snooze_until("tomorrow", now) == datetime(2026, 3, 6, 0, 0, tzinfo=UTC)
        assert deeds.snooze_until("2026-03-05T09:00", now) == datetime(2026, 3, 5, 0, 0, tzinfo=UTC)
    for wrong in ("", "sometime", "2020-01-01T09:00"):
        with pytest.raises(Failure):
            deeds.snooze_until(wrong, now)
