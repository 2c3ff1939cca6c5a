"""Watches: saved, tried on what is read and on the past, each hit once, judged by people."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming, Kind
from crowdalogue.errors import Failure
from crowdalogue.listen import watches
from crowdalogue.models import Account, Brand, LiveEvent, Message, User, Watch, WatchHit, WatchSearch
from crowdalogue.text.watching import typed

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
_numbers = itertools.count(1)


@pytest.fixture
def social(account: Callable[..., Account]) -> Account:
    return account("social")


def say(text: str, who: str = "", **more: Any) -> Incoming:
    number = next(_numbers)
    facts = more.pop("facts", {})
    author = Author(who or f"visitor{number}", facts=facts, ours=more.pop("ours", False), brand=more.pop("brand", ""))
    return Incoming(f"m{number}", author, text, NOON + timedelta(minutes=number), **more)


def hear(account: Account, *items: Incoming) -> None:
    """As the worker does: filed, then read."""
    flow.file(account, list(items))
    while flow.process(embed=False):
        pass


def make(line: str, name: str = "Ours", purpose: str = "brand", **more: Any) -> Watch:
    return watches.save(None, name=name, purpose=purpose, query=typed(line), **more)


def fill() -> None:
    while watches.fill():
        pass


def texts(watch: Watch) -> list[str]:
    return list(watch.hits.order_by("message_id").values_list("message__text", flat=True))


def test_what_is_read_is_tried_on_every_watch(social: Account) -> None:
    ours, parcels = make("acme"), make('near:"acme ~4 parcel*" -jobs', "Parcels")
    hear(social, say("Acme lost my parcels"), say("I like acme"), say("parcel jobs at acme"), say("nothing"))
    assert texts(ours) == ["Acme lost my parcels", "I like acme", "parcel jobs at acme"]
    assert texts(parcels) == ["Acme lost my parcels"]
    ours.refresh_from_db()
    assert ours.hits_count == 3
    assert LiveEvent.objects.filter(kind="watch", object_id=parcels.pk).exists()


def test_only_what_others_say_is_tried(social: Account) -> None:
    watch, with_ours = make("acme"), make("acme own:yes", "With ours")
    hear(
        social,
        say("acme, automatic", kind=Kind.AUTOMATIC),
        say("acme overheard", kind=Kind.OVERHEARD),
        say("acme from us", ours=True, brand="Acme"),
    )
    rival = say("acme says a rival", who="rival", brand="Rival")
    hear(social, rival)
    assert texts(watch) == ["acme overheard"]
    assert texts(with_ours) == ["acme overheard", "acme says a rival"]


def test_language_place_reach_and_channel_are_asked_of_what_is_known(
    social: Account, account: Callable[..., Account]
) -> None:
    make("acme lang:de", "German")
    make("acme place:berlin", "Berlin")
    make("acme reach:1000", "Reach")
    make("acme channel:email", "Mail")
    hear(social, say("Die Lieferung von Acme ist leider noch immer nicht angekommen, ich bin sehr enttäuscht"))
    hear(social, say("acme", facts={"followers": 5000, "place": "Berlin, Germany"}))
    hear(account("email"), say("acme by mail", who="a@example.com"))
    found = {w.name: texts(w) for w in Watch.objects.all()}
    assert [len(found[name]) for name in ("German", "Berlin", "Reach", "Mail")] == [1, 1, 1, 1]
    assert found["Berlin"] == found["Reach"] == ["acme"]
    assert found["Mail"] == ["acme by mail"]


def test_the_past_is_filled_in_steps_and_goes_on_where_it_stood(
    social: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "FILLED_AT_ONCE", 3)
    hear(social, *(say(f"acme {n}" if n % 2 else f"bolt {n}") for n in range(16)))
    watch = make("acme")
    assert watches.fill()
    watch.refresh_from_db()
    assert 0 < watch.seen_id <= Message.objects.order_by("-pk")[0].pk
    assert watch.hits_count == 3, "the newest first"
    hear(social, say("acme, meanwhile"))
    fill()
    watch.refresh_from_db()
    assert (watch.seen_id, watch.hits_count, WatchHit.objects.count()) == (0, 9, 9)
    assert not watches.fill()


def test_misspellings_are_found_in_the_past_too(social: Account) -> None:
    hear(social, say("my norvele broke"), say("a novel"), say("north pier"), say("#NorthPier"))
    misspelt, joined = make("norvelle~"), make('"north pier"', "Pier")
    fill()
    assert texts(misspelt) == ["my norvele broke"]
    assert texts(joined) == ["north pier", "#NorthPier"]


def test_a_hit_is_one_row_whoever_finds_it_first(social: Account) -> None:
    watch = make("acme")
    hear(social, say("acme"))
    pk = Message.objects.get().pk
    with transaction.atomic():
        assert watches.write([(watch.pk, pk), (watch.pk, pk)]) == 0
    Watch.objects.update(seen_id=pk + 1)
    fill()
    watch.refresh_from_db()
    assert (watch.hits_count, WatchHit.objects.count()) == (1, 1)


def test_another_query_goes_through_the_past_anew_and_keeps_what_people_said(social: Account, helper: User) -> None:
    watch = make("acme")
    hear(social, say("acme parcel"), say("acme parcel again"), say("acme jobs"), say("bolt parcel"))
    first, _, jobs, _ = Message.objects.order_by("pk")
    watches.judge(helper, watch, [first.pk, jobs.pk], True)
    search = WatchSearch.objects.create(watch=watch, account=social, cursor={"at": 5})
    watch = watches.save(None, name="Ours", purpose="brand", query=typed("acme parcel"), watch=watch)
    assert texts(watch) == ["acme parcel"], "judged, and found by the new query too"
    search.refresh_from_db()
    assert search.cursor == {}
    fill()
    assert texts(watch) == ["acme parcel", "acme parcel again"]
    assert watch.hits.get(message=first).right is True
    watch.refresh_from_db()
    watches.save(None, name="Renamed", purpose="brand", query=typed("acme parcel"), watch=watch)
    watch.refresh_from_db()
    assert (watch.name, watch.seen_id, watch.hits_count) == ("Renamed", 0, 2), "the same query is not tried again"


def test_a_paused_watch_rests_and_catches_up(social: Account) -> None:
    watch = make("acme")
    watches.pause(watch, active=False)
    hear(social, say("acme"))
    assert not watches.fill() and texts(watch) == []
    watches.pause(watch, active=True)
    fill()
    assert texts(watch) == ["acme"]


def test_a_watch_goes_with_its_hits_and_the_messages_stay(social: Account) -> None:
    watch = make("acme")
    hear(social, say("acme"))
    watches.remove(watch)
    assert (Watch.objects.count(), WatchHit.objects.count(), Message.objects.count()) == (0, 0, 1)
    hear(social, say("acme again"))


def test_people_say_what_is_right_and_wrong(social: Account, helper: User) -> None:
    watch, other = make("acme"), make("bolt", "Other")
    hear(social, *(say(f"acme {n}") for n in range(5)))
    ids = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    assert watches.judge(helper, watch, ids[:3], True) == 3
    watches.judge(helper, watch, ids[3:4], False)
    watches.judge(helper, watch, ids[2:3], None)
    watch.refresh_from_db()
    figures = watches.figures([watch, other])
    newest = Message.objects.get(pk=ids[-1]).sent_at
    assert figures == {watch.pk: watches.Figures(5, newest, 2, 1), other.pk: watches.Figures()}
    assert [h.message_id for h in watches.hits_of(watch, helper, only="wrong")] == [ids[3]]
    assert [h.message_id for h in watches.hits_of(watch, helper, only="open")] == [ids[4], ids[2]]


def test_strangers_see_no_hits(social: Account, stranger: User) -> None:
    watch = make("acme")
    hear(social, say("acme"))
    assert not watches.hits_of(watch, stranger).exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": " "}, "no name"),
        ({"name": "OURS"}, "is called OURS"),
        ({"purpose": "fun"}, "one of"),
        ({"purpose": "competitor"}, "which competitor"),
    ],
)
def test_what_cannot_be_saved_says_why(db: None, given: dict[str, Any], said: str) -> None:
    make("acme")
    with pytest.raises(Failure, match=said):
        watches.save(None, **{"name": "New", "purpose": "brand", "query": typed("acme"), **given})
    assert Watch.objects.count() == 1


def test_brands_that_nobody_watches_are_suggested_and_not_saved(db: None) -> None:
    names = {"North Pier": False, "Acme": False, "Norvelle": True, "!!": False}
    made = {name: Brand.objects.create(name=name, competitor=rival) for name, rival in names.items()}
    make("acme", brand=made["Acme"])
    drafts = watches.suggestions()
    assert [(d.name, d.purpose, d.query.any) for d in drafts] == [
        ("North Pier", "brand", ("North Pier",)),
        ("Norvelle", "competitor", ("Norvelle~",)),
    ]
    assert Watch.objects.count() == 1
    rival = drafts[1]
    saved = watches.save(None, name=rival.name, purpose=rival.purpose, query=rival.query, brand=rival.brand)
    assert saved.brand == made["Norvelle"]


def test_a_query_that_cannot_be_read_any_more_stops_nothing(social: Account) -> None:
    Watch.objects.create(name="Odd", purpose="brand", query={"sum": 1}, seen_id=99)
    watch = make("acme")
    hear(social, say("acme"))
    fill()
    assert texts(watch) == ["acme"]
    assert not Watch.objects.filter(seen_id__gt=0).exists()


def test_the_worker_lets_a_new_watch_settle(social: Account) -> None:
    hear(social, say("acme"))
    watch = make("acme")
    flow.watch()
    assert texts(watch) == [], "a batch may be at work that was begun without it"
    Watch.objects.update(changed_at=NOON)
    flow.watch()
    assert texts(watch) == ["acme"]
