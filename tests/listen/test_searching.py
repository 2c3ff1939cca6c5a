"""Watches that ask channels: pace, cursors, failures with their remedy, and one row for what comes by two doors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue import flow, http
from crowdalogue.channels import channel_kinds
from crowdalogue.channels.base import Author, Channel, Fetched, Incoming, Item, Kind, NotUnderstood, Raw
from crowdalogue.listen import searching, watches
from crowdalogue.models import Account, Brand, Conversation, Delivery, Message, Watch, WatchHit, WatchSearch
from crowdalogue.text.watching import typed
from tests.outside import AWAY, Outside, outside_network, says

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
POSTS = "https://square.example.com/"


class Square(Channel):
    """A public square that can be searched: a whole channel, whose provider is invented."""

    kind = "square"
    label = "Square"
    polls = searches = public = True
    told = True  # whether a search says whom a post addresses

    def parse(self, raw: Raw) -> list[Item]:
        try:
            posts = json.loads(raw.body)["posts"]
        except (ValueError, KeyError):
            raise NotUnderstood("It is no list of posts.") from None
        return [
            Incoming(
                str(post["id"]),
                Author(post["by"], facts=post.get("facts", {})),
                post["text"],
                NOON + timedelta(minutes=post["id"]),
                kind=Kind.MESSAGE if self._to_us(raw, post["text"]) else Kind.OVERHEARD,
                public=True,
            )
            for post in posts
        ]

    def _to_us(self, raw: Raw, text: str) -> bool:
        return "@us" in text if self.told else "found" not in raw.headers

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        return self._ask("mentions", {"after": cursor.get("after", 0)})

    def search(self, terms: Sequence[str], cursor: Mapping[str, Any], limit: int = 100) -> Fetched:
        return self._ask("search", {"q": " OR ".join(terms), "after": cursor.get("after", 0), "limit": limit})

    def _ask(self, what: str, asked: Mapping[str, Any]) -> Fetched:
        answer = http.request("GET", POSTS + what, params=dict(asked))
        posts = answer.json()["posts"]
        after = max((p["id"] for p in posts), default=int(asked["after"]))
        headers = {"found": "yes"} if what == "search" else {}
        deliveries = (Raw(answer.content, headers),) if posts else ()
        return Fetched(deliveries, {"after": after}, more=bool(answer.json().get("more")))


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    monkeypatch.setitem(channel_kinds(), "square", Square)
    with outside_network(monkeypatch) as fake:
        yield fake


@pytest.fixture
def square(account: Callable[..., Account]) -> Account:
    return account("square")


def make(line: str = 'any:acme any:"north pier" -jobs', **more: Any) -> Watch:
    return watches.save(None, **{"name": "Ours", "purpose": "brand", **more}, query=typed(line))


def post(number: int, text: str, by: str = "mara", **facts: Any) -> dict[str, Any]:
    return {"id": number, "text": text, "by": by, "facts": facts}


def answer(*posts: dict[str, Any], more: bool = False) -> Any:
    return says({"posts": list(posts), "more": more})


def due() -> None:
    WatchSearch.objects.update(not_before=timezone.now() - timedelta(seconds=1))


def turn() -> bool:
    """One search, as the worker does it, the first of all with its plan."""
    return flow.overhear() or (WatchSearch.objects.exists() and flow.overhear())


def read() -> None:
    while flow.process(embed=False):
        pass


def test_a_search_files_what_is_wanted_as_overheard(outside: Outside, square: Account) -> None:
    rival = Brand.objects.create(name="Rival", competitor=True)
    watch = make(purpose="competitor", brand=rival)
    outside.on("GET", "search", answer(post(1, "Acme broke"), post(2, "jobs at acme"), post(3, "acm"), more=True))
    assert turn()
    read()
    assert outside.calls[0].query == {"q": "acme OR north pier", "after": "0", "limit": "100"}
    message = Message.objects.get()
    assert (message.text, message.kind, message.direction) == ("Acme broke", Kind.OVERHEARD, "in")
    assert message.conversation.brand == rival, "so that share of voice counts it"
    assert message.conversation.waiting_since is None, "nobody waits"
    assert WatchHit.objects.get().watch == watch
    search = WatchSearch.objects.get()
    assert search.cursor == {"after": 3} and search.last_success_at
    assert search.not_before - search.last_success_at == searching.AGAIN, "there is more"
    outside.on("GET", "search", answer())
    due()
    assert turn()
    assert outside.calls[-1].query["after"] == "3"


def test_the_pace_grows_while_nothing_new_comes(outside: Outside, square: Account) -> None:
    make()
    outside.always(answer(post(1, "acme")))
    assert turn() and not flow.overhear(), "not at once again"
    search = WatchSearch.objects.get()
    assert search.not_before - search.last_success_at == searching.QUIET
    outside.always(answer())
    for ago, pause in ((3, 6), (30, 15)):
        WatchSearch.objects.update(last_success_at=timezone.now() - timedelta(minutes=ago))
        due()
        assert turn()
        search.refresh_from_db()
        assert search.not_before - search.last_success_at == pytest.approx(
            timedelta(minutes=pause), abs=timedelta(seconds=5)
        )


def test_a_mention_of_ours_is_one_message_and_somebody_waits(
    outside: Outside, square: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by a search that does not say whom it addresses, then by the account's own door, as the same bytes."""
    monkeypatch.setattr(Square, "told", False)
    make()
    outside.always(answer(post(7, "@us acme, where is my parcel?")))
    assert turn()
    read()
    assert Message.objects.get().kind == Kind.OVERHEARD
    flow.poll(square)
    read()
    message = Message.objects.get()
    assert message.kind == Kind.MESSAGE
    assert Conversation.objects.get().waiting_since == message.sent_at
    assert (Delivery.objects.count(), WatchHit.objects.count()) == (2, 1)


def test_what_is_said_to_us_is_filed_whatever_the_watch_wants(outside: Outside, square: Account) -> None:
    make()
    outside.always(answer(post(7, "@us acme, no jobs?"), post(8, "no jobs at acme")))
    assert turn()
    read()
    message = Message.objects.get()
    assert message.kind == Kind.MESSAGE and message.conversation.waiting_since
    assert not WatchHit.objects.exists()


def test_many_words_are_asked_for_in_turn(outside: Outside, square: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "TERMS", 2)
    make("any:one any:two any:three any:four any:five")
    outside.always(answer(post(4, "one")))
    asked = []
    for _ in range(4):
        due()
        assert turn()
        asked.append((outside.calls[-1].query["q"], outside.calls[-1].query["after"]))
    assert asked == [("one OR two", "0"), ("three OR four", "0"), ("five", "0"), ("one OR two", "4")]
    assert WatchSearch.objects.get().cursor["turn"] == 1


def test_a_mention_filed_before_stays_what_it_is(outside: Outside, square: Account) -> None:
    make()
    outside.always(answer(post(7, "@us acme, where is my parcel?")))
    flow.poll(square)
    assert turn()
    read()
    message = Message.objects.get()
    assert message.kind == Kind.MESSAGE and message.conversation.waiting_since


def test_a_failure_is_shown_with_its_remedy_and_waited_out(outside: Outside, square: Account) -> None:
    make()
    make("bolt", name="Other")
    outside.always(says(status=429, Retry_After="600"))
    assert turn()
    failed = WatchSearch.objects.get(failures=1)
    assert failed.last_error
    left = [s.not_before - timezone.now() for s in WatchSearch.objects.all()]
    assert min(left) > timedelta(minutes=9), "a limit is the account's: the other watch waits too"
    assert not flow.overhear()
    http.configure()  # as after a restart: the pause is forgotten here, and kept on the search
    outside.always(AWAY)
    due()
    for failures in (2, 3):
        WatchSearch.objects.filter(pk=failed.pk).update(not_before=timezone.now() - timedelta(hours=1))
        assert flow.overhear()
        failed.refresh_from_db()
        assert failed.failures == failures
    assert failed.not_before - timezone.now() > timedelta(seconds=100)
    outside.always(answer())
    WatchSearch.objects.filter(pk=failed.pk).update(not_before=timezone.now() - timedelta(hours=1))
    assert flow.overhear()
    failed.refresh_from_db()
    assert (failed.failures, failed.last_error) == (0, "")


def test_a_crash_after_keeping_loses_nothing(outside: Outside, square: Account) -> None:
    make()
    outside.always(answer(post(1, "acme"), post(2, "bolt")))
    searching.plan(timezone.now())
    search = searching.claim(timezone.now())
    assert search is not None and searching.claim(timezone.now()) is None, "one worker asks"
    fetched = searching.ask(search, Square(), 10)
    searching.keep(search, fetched, timezone.now() - timedelta(minutes=5))
    assert Message.objects.count() == 0
    assert flow.pick_up() == 1
    assert Message.objects.get().kind == Kind.OVERHEARD
    delivery = Delivery.objects.get()
    flow.replay(delivery)
    assert Message.objects.get().kind == Kind.OVERHEARD, "a replay knows that a search brought it"
    Watch.objects.all().delete()
    assert flow.replay(delivery).reason.startswith("Nothing to file")


def test_only_what_can_be_asked_is_asked(outside: Outside, account: Callable[..., Account]) -> None:
    for more in ({"state": "paused"}, {"demo": True}):
        account("square", **more)
    account("email")
    account("square", name="Asked")
    make("acme channel:email", name="Mail only")
    paused = make("acme", name="Paused")
    make("acme", name="Asks")
    watches.pause(paused, active=False)
    searching.plan(timezone.now())
    assert [(s.watch.name, s.account.name) for s in WatchSearch.objects.all()] == [("Asks", "Asked")]


def test_a_watch_that_no_longer_asks_a_channel_is_not_asked_for(outside: Outside, square: Account) -> None:
    watch = make("acme")
    searching.plan(timezone.now())
    watches.save(None, name="Ours", purpose="brand", query=typed("acme channel:email"), watch=watch)
    assert searching.claim(timezone.now()) is None
    assert not WatchSearch.objects.exists()


def test_a_cursor_of_the_former_query_is_not_kept(outside: Outside, square: Account) -> None:
    watch = make("acme")
    outside.always(answer(post(1, "acme")))
    searching.plan(timezone.now())
    search = searching.claim(timezone.now())
    assert search is not None
    fetched = searching.ask(search, Square(), 10)
    watches.save(None, name="Ours", purpose="brand", query=typed("bolt"), watch=watch)
    searching.keep(search, fetched, timezone.now())
    assert WatchSearch.objects.get().cursor == {}
    assert Delivery.objects.count() == 1, "what was found is kept all the same"


def test_reach_and_place_are_known_before_filing(outside: Outside, square: Account) -> None:
    make("acme reach:100 place:oslo lang:en")
    outside.always(answer(post(1, "acme", followers=5, place="Oslo"), post(2, "acme", followers=500, place="Oslo, NO")))
    assert turn()
    assert [m.external_id for m in Message.objects.all()] == ["2"], "its language is known when it was read"


def test_bluesky_is_searched_and_its_mention_is_one_message(outside: Outside, account: Callable[..., Account]) -> None:
    """A post with our name in it, found by a search, and told of by the network later, because it replies to us."""
    from tests.channels import test_bluesky as sky

    open_settings = {k: v for k, v in sky.PEER.settings.items() if k != "password"}
    page = account("bluesky", settings=open_settings, secrets={"password": sky.PEER.settings["password"]})
    watch = make('"garden lid" -jobs')
    at = sky.AT.isoformat().replace("+00:00", "Z")

    def view(number: int, text: str) -> dict[str, Any]:
        record = sky.post(text)
        return {"uri": sky.uri(number), "cid": f"c{number}", "author": sky.person(), "record": record, "indexedAt": at}

    sky.PEER.told(outside, [sky.notice(1, "reply", sky.post("My garden lid broke"))])
    outside.on("GET", "searchPosts", says({"posts": [view(2, "jobs: garden lid"), view(1, "My garden lid broke")]}))
    assert turn()
    read()
    message = Message.objects.get()
    assert (message.text, message.kind, message.external_id) == ("My garden lid broke", Kind.OVERHEARD, sky.uri(1))
    assert WatchHit.objects.get().watch == watch
    flow.poll(page)
    read()
    message.refresh_from_db()
    assert (message.kind, Message.objects.filter(direction="in").count()) == (Kind.MESSAGE, 1)
    assert message.conversation.waiting_since == message.sent_at
