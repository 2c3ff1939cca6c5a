"""The list pane: queues, filters and views in the address, rows for script, and taking the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crowdalogue.act import handling
from crowdalogue.models import Conversation, Tag, User, View

Written = Callable[..., Conversation]
Browser = Callable[..., Client]


def shown(client: Client, address: str) -> list[int]:
    return [row.pk for row in client.get(address).context["page"].rows]


def test_the_oldest_promise_stands_first(helper: User, client_for: Browser, written: Written) -> None:
    late, later, old = written(name="Late", minutes=29), written(name="Later", minutes=2), written(minutes=60 * 24 * 30)
    client = client_for(helper)
    assert shown(client, "/inbox/") == [late.pk, later.pk]
    assert shown(client, "/inbox/?queue=older") == [old.pk]
    assert shown(client, "/inbox/?queue=nonsense") == [late.pk, later.pk]
    page = client.get("/inbox/").content.decode()
    assert "Late" in page and f'href="/inbox/{late.pk}/"' in page and "Promise: " in page


def test_an_empty_queue_says_what_to_do(helper: User, client_for: Browser) -> None:
    client = client_for(helper)
    assert "Nobody waits for an answer" in client.get("/inbox/").content.decode()
    assert "Nothing is yours" in client.get("/inbox/?queue=mine").content.decode()
    assert "No conversation fits these filters" in client.get("/inbox/?channel=email").content.decode()


def test_filters_live_in_the_address_and_stay_with_every_link(
    helper: User, client_for: Browser, written: Written
) -> None:
    row, other = written(name="Mara"), written(name="Tobias")
    row.tags.add(Tag.objects.create(name="battery & co"))
    client = client_for(helper)
    address = "/inbox/?queue=team&tag=battery+%26+co"
    answer = client.get(address)
    assert [r.pk for r in answer.context["page"].rows] == [row.pk]
    page = answer.content.decode()
    assert f"/inbox/{row.pk}/?queue=team&amp;tag=battery+%26+co" in page
    assert 'href="/inbox/?queue=team"' in page  # the chip takes the filter away
    assert f'value="{other.pk}"' not in page


def test_pages_follow_one_another_by_a_link(helper: User, client_for: Browser, written: Written) -> None:
    rows = [written(name=f"P{n}", minutes=20 - n / 10) for n in range(53)]
    client = client_for(helper)
    first = client.get("/inbox/")
    assert [r.pk for r in first.context["page"].rows] == [r.pk for r in rows[:50]]
    assert first.context["next"].startswith("/inbox/?after=")
    assert shown(client, first.context["next"]) == [r.pk for r in rows[50:]]


def test_the_list_takes_few_queries_however_long_it_is(helper: User, client_for: Browser, written: Written) -> None:
    client = client_for(helper)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get("/inbox/")
        return len(seen)

    written()
    few = queries()
    for n in range(15):
        written(name=f"P{n}")
    assert queries() <= few + 1 and few < 25


def test_script_asks_for_rows_and_gets_those_that_still_wait(
    helper: User, client_for: Browser, written: Written
) -> None:
    here, gone = written(name="Mara"), written(name="Tobias")
    handling.close(helper, [gone])
    answer = client_for(helper).get(f"/inbox/rows/?queue=team&ids={here.pk},{gone.pk},x,99999999999999999999")
    page = answer.content.decode()
    assert f'data-id="{here.pk}"' in page and f'data-id="{gone.pk}"' not in page
    assert '<i data-queue="team">1</i>' in page and "<html" not in page


def test_script_gets_the_list_pane_alone(helper: User, client_for: Browser, written: Written) -> None:
    written(name="Mara")
    page = client_for(helper).get("/inbox/", headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith('<section class="pane list"') and "<html" not in page


def test_taking_gives_the_one_waiting_longest_that_nobody_has(
    helper: User, owner: User, client_for: Browser, written: Written
) -> None:
    taken, longest, _ = written(name="A", minutes=28), written(name="B", minutes=20), written(name="C", minutes=1)
    handling.assign(owner, [taken], owner)
    answer = client_for(helper).post("/inbox/take/")
    assert answer["Location"] == f"/inbox/{longest.pk}/?queue=mine"
    longest.refresh_from_db()
    assert longest.owner == helper


def test_taking_from_nothing_says_so(helper: User, client_for: Browser) -> None:
    page = client_for(helper).post("/inbox/take/", follow=True).content.decode()
    assert "Nothing waits without an owner" in page


def test_a_view_is_a_name_for_an_address(helper: User, owner: User, client_for: Browser, written: Written) -> None:
    client = client_for(helper)
    client.post("/inbox/views/", {"name": " Angry  mail ", "query": "queue=team&sentiment=negative&evil=1"})
    view = View.objects.get()
    assert (view.name, view.query, view.user) == ("Angry mail", "queue=team&sentiment=negative", helper)
    assert "Angry mail" in client.get("/inbox/").content.decode()
    assert "Angry mail" not in client_for(owner).get("/inbox/").content.decode()
    client_for(owner).post(f"/inbox/views/{view.pk}/")
    assert View.objects.exists()  # somebody else's own
    client.post(f"/inbox/views/{view.pk}/")
    assert not View.objects.exists()


def test_only_those_who_manage_save_for_everybody(helper: User, owner: User, client_for: Browser) -> None:
    given = {"name": "All mail", "query": "channel=email", "shared": "on"}
    client_for(helper).post("/inbox/views/", given)
    assert View.objects.get().user == helper
    client_for(owner).post("/inbox/views/", given)
    shared = View.objects.get(user=None)
    assert "everybody’s" in client_for(helper).get("/inbox/").content.decode()
    client_for(helper).post(f"/inbox/views/{shared.pk}/")
    assert View.objects.filter(pk=shared.pk).exists()


def test_a_view_without_a_name_is_refused_with_the_remedy(helper: User, client_for: Browser) -> None:
    page = client_for(helper).post("/inbox/views/", {"name": " ", "query": ""}, follow=True).content.decode()
    assert "it has no name" in page and not View.objects.exists()


def test_an_analyst_reads_and_does_nothing(analyst: User, client_for: Browser, written: Written) -> None:
    row = written(name="Mara")
    client = client_for(analyst)
    assert shown(client, "/inbox/") == [row.pk]
    assert client.post("/inbox/take/").status_code == 403
    page: Any = client.get(f"/inbox/{row.pk}/").content.decode()
    assert 'class="composer"' not in page and 'name="deed"' not in page


def test_a_snoozed_one_says_until_when(helper: User, client_for: Browser, written: Written) -> None:
    row = written(name="Mara")
    handling.snooze(helper, [row], timezone.now() + timedelta(days=1, minutes=5))
    client = client_for(helper)
    assert shown(client, "/inbox/") == [] and shown(client, "/inbox/?queue=snoozed") == [row.pk]
    assert "tomorrow" in client.get("/inbox/?queue=snoozed").content.decode()
