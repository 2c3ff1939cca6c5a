"""The pages of watches: a draft from a brand, tried on the past, saved, judged, changed, removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crowdalogue import flow
from crowdalogue.listen import watches
from crowdalogue.models import Account, Audit, Brand, Conversation, Message, User, Watch, WatchHit, WatchSearch
from crowdalogue.text.watching import typed

pytestmark = pytest.mark.django_db
For = Callable[..., Client]
Written = Callable[..., Conversation]


@pytest.fixture
def client(client_for: For, manager: User) -> Client:
    return client_for(manager)


def make(line: str = "parcel", name: str = "Parcels", **more: Any) -> Watch:
    return watches.save(None, **{"name": name, "purpose": "need", **more}, query=typed(line))


def read() -> None:
    while flow.process(embed=False):
        pass
    while watches.fill():
        pass


def fields(**more: str) -> dict[str, str]:
    empty = dict.fromkeys(("any", "all", "none", "languages", "place", "reach", "one_0", "other_0", "within_0"), "")
    return {**empty, "name": "Parcels", "purpose": "need", "brand": "", **more}


def test_the_first_visit_offers_drafts_of_brands_and_saves_none(client: Client, brand: Brand) -> None:
    rival = Brand.objects.create(name="Contoso", competitor=True)
    page = client.get(reverse("watches")).content.decode()
    assert "No watch yet" in page and f"?brand={rival.pk}" in page
    form = client.get(reverse("watch_new") + f"?brand={rival.pk}").content.decode()
    assert 'value="Contoso"' in form and '<option value="competitor" selected>' in form
    assert not Watch.objects.exists()


def test_a_trial_shows_what_it_would_find_and_keeps_nothing(client: Client, written: Written) -> None:
    written("Where is my parcel?")
    written("A parcel for a job", name="Jo Berg")
    read()
    page = client.post(reverse("watch_new"), fields(any="parcel*", none="job", do="try"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "1 message since" in text and "by 1 author" in text
    assert "Where is my <mark>parcel</mark>?" in text
    assert "took away 1 message" in text and "A <mark>parcel</mark> for a job" in text
    assert 'value="any:parcel* -job"' in text
    assert not Watch.objects.exists() and not WatchHit.objects.exists()
    nothing = client.post(
        reverse("watch_new"), fields(any="zebra", name="", purpose="competitor", do="try")
    ).content.decode()
    assert "Nothing of the last 90 days" in nothing


def test_a_watch_is_saved_fills_with_the_past_and_is_changed(client: Client, written: Written) -> None:
    written("My parcel from Contoso is late")
    written("Contoso lost it", name="Jo Berg")
    rival = Brand.objects.create(name="Contoso", competitor=True)
    answer = client.post(
        reverse("watch_new"),
        fields(
            name="Contoso", purpose="competitor", brand=str(rival.pk), any="contoso", slips="on", do="save",
            one_0="contoso", within_0="5", other_0="late, lost",
        ),
        follow=True,
    )  # fmt: skip
    watch = Watch.objects.get()
    assert watch.query == {"any": ["contoso~"], "near": [{"one": ["contoso"], "other": ["late", "lost"], "within": 5}]}
    assert (watch.brand, watch.purpose) == (rival, "competitor")
    page = answer.content.decode()
    assert "listens from now on" in page and "Going through" in page
    read()
    progress = client.get(reverse("watch_progress", args=[watch.pk])).content.decode()
    assert "<dd>2</dd>" in progress and "hx-get" not in progress
    page = client.get(reverse("watch", args=[watch.pk])).content.decode()
    assert "<mark>Contoso</mark>" in page and "<mark>late</mark>" in page
    form = client.get(reverse("watch_change", args=[watch.pk])).content.decode()
    assert ">contoso</textarea>" in form.replace("\n", "") and "late, lost" in form
    client.post(
        reverse("watch_change", args=[watch.pk]),
        fields(name="Contoso", purpose="competitor", brand=str(rival.pk), any="lost", do="save"),
    )
    read()
    watch.refresh_from_db()
    assert (watch.query, watch.hits_count) == ({"any": ["lost"]}, 1)
    assert Audit.objects.filter(deed="changed_watch").count() == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no word to look for"),
        ({"any": "ab*"}, "needs 3 letters"),
        ({"any": "a", "one_0": "late"}, "Fill in this side too"),
        ({"any": "a", "one_0": "late", "other_0": "!!"}, "no letter or digit"),
        ({"any": "a", "purpose": "competitor", "do": "save"}, "which competitor"),
        ({"any": "a", "name": "", "do": "save"}, "This field is required"),
        ({"any": "a", "languages": "Klingonese"}, "not a language"),
        ({"any": "a", "name": "PARCELS", "do": "save"}, "is called PARCELS"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(client: Client, given: dict[str, str], said: str) -> None:
    make()
    answer = client.post(reverse("watch_new"), fields(**{"do": "try", **given}))
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page
    assert 'class="wrong"' in page
    assert Watch.objects.count() == 1


def test_a_typed_line_fills_the_form(client: Client) -> None:
    answer = client.post(reverse("watch_new"), {"do": "read", "line": "any:parcel lang:de place:Berlin", "name": "New"})
    page = answer.content.decode()
    assert "German" in page and 'value="Berlin"' in page and 'value="New"' in page
    wrong = client.post(reverse("watch_new"), {"do": "read", "line": "shoe:red"})
    assert wrong.status_code == 422 and "is not a part of a query" in wrong.content.decode()
    page = client.get(reverse("watch_new") + "?q=any:parcel").content.decode()
    assert ">parcel</textarea>" in page.replace("\n", "")


def test_hits_are_judged_and_the_precision_has_its_interval(client: Client, written: Written) -> None:
    watch = make()
    for number in range(12):
        written(f"parcel {number}", name=f"Person{number}")
    read()
    ids = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    page = client.get(reverse("watch", args=[watch.pk])).content.decode()
    assert "too few to say (n = 0)" in page
    for pk in ids[:10]:
        client.post(reverse("watch_judge", args=[watch.pk]), {"message": pk, "right": "no" if pk == ids[0] else "yes"})
    page = client.get(reverse("watch", args=[watch.pk])).content.decode()
    assert "90%" in page and "60% to 98%, n = 10" in page
    listed = client.get(reverse("watches")).content.decode()
    assert "60% to 98%, n = 10" in listed
    row = client.post(
        reverse("watch_judge", args=[watch.pk]), {"message": ids[0], "right": "no"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "<mark>parcel</mark>" in row and 'hx-swap-oob="true"' in row and "too few to say (n = 9)" in row
    assert WatchHit.objects.get(message=ids[0]).right is None, "pressed again, it is taken back"
    client.post(reverse("watch_judge", args=[watch.pk]), {"message": ids[0], "right": "no"})
    wrong = client.get(reverse("watch", args=[watch.pk]) + "?show=wrong").content.decode()
    assert wrong.count('class="voice"') == 1
    assert client.post(reverse("watch_judge", args=[watch.pk]), {"message": "x", "right": "no"}).status_code == 302


def test_hits_come_in_pages(client: Client, written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdalogue.web.watches.A_PAGE", 2)
    watch = make()
    for number in range(3):
        written(f"parcel {number}")
    read()
    page = client.get(reverse("watch", args=[watch.pk])).content.decode()
    second = Message.objects.order_by("-pk")[1].pk
    assert page.count('class="voice"') == 2 and f"before={second}" in page
    older = client.get(reverse("watch", args=[watch.pk]) + f"?show=&before={second}").content.decode()
    assert older.count('class="voice"') == 1 and "Newest" in older


def test_a_search_that_fails_is_shown_with_its_remedy(client: Client, account: Callable[..., Account]) -> None:
    watch = make()
    WatchSearch.objects.create(watch=watch, account=account("social"), last_error="The token ended. Enter a new one.")
    page = client.get(reverse("watch", args=[watch.pk])).content.decode()
    assert "The token ended. Enter a new one." in page and "Needs attention" in page
    assert "A search fails" in client.get(reverse("watches")).content.decode()
    soon = WatchSearch.objects.get().not_before
    client.post(reverse("watch_do", args=[watch.pk, "ask"]))
    assert WatchSearch.objects.get().not_before > soon


def test_a_watch_is_paused_goes_on_and_is_removed_by_its_name(client: Client) -> None:
    watch = make()
    client.post(reverse("watch_do", args=[watch.pk, "pause"]))
    assert "Listen again" in client.get(reverse("watch", args=[watch.pk])).content.decode()
    client.post(reverse("watch_do", args=[watch.pk, "resume"]))
    watch.refresh_from_db()
    assert watch.active
    client.post(reverse("watch_do", args=[watch.pk, "remove"]), {"sure": "something else"})
    assert Watch.objects.exists()
    client.post(reverse("watch_do", args=[watch.pk, "remove"]), {"sure": "parcels"})
    assert not Watch.objects.exists()


def test_agents_try_and_judge_and_only_managers_save(client_for: For, helper: User, stranger: User) -> None:
    watch = make()
    client = client_for(helper)
    page = client.post(reverse("watch_new"), fields(any="parcel", do="try"))
    assert page.status_code == 200 and "A manager saves watches" in page.content.decode()
    assert client.post(reverse("watch_new"), fields(name="New", any="parcel", do="save")).status_code == 403
    assert client.post(reverse("watch_do", args=[watch.pk, "pause"])).status_code == 403
    assert client.get(reverse("watches")).status_code == 200
    assert client_for(stranger).get(reverse("watches")).status_code == 403
