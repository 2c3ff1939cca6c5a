"""What people do with topics, the opposite of each deed, and what a fit makes of it the night after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.analyze import refit, topic_deeds
from crowdalogue.errors import Refused
from crowdalogue.models import Account, LiveEvent, Message, Topic, TopicEvent, TopicFit, TopicMessage, User
from tests.analyze.test_refit import said
from tests.said import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(account: Callable[..., Account]) -> Account:
    """Parcels and passwords, 32 messages, in at least two topics."""
    here = account("social")
    said(here)
    assert flow.find_topics()
    return here


def of(words: str) -> Topic:
    return TopicMessage.objects.get(message__text=words).topic


def parcels() -> Topic:
    return of("Where is my blue parcel?")


def passwords() -> Topic:
    return of("I forgot the blue password")


def night() -> None:
    """A fit of another day, of the same messages."""
    days = TopicFit.objects.count()
    assert refit.refit(timezone.now() + timedelta(days=days)) is not None


def kinds(topic: Topic) -> list[str]:
    return list(topic.events.order_by("pk").values_list("kind", flat=True))


def members(topic: Topic) -> set[int]:
    return set(TopicMessage.objects.filter(topic=topic).values_list("pk", flat=True))


def test_adopted_renamed_and_taken_back(found: Account, owner: User) -> None:
    topic = parcels()
    topic_deeds.adopt(owner, topic)
    topic_deeds.adopt(owner, topic)
    topic_deeds.rename(owner, topic, "  Late   parcels ")
    assert (str(topic), topic.state, kinds(topic)) == ("Late parcels", "adopted", ["new", "adopted", "renamed"])
    assert topic.events.get(kind="renamed").user == owner
    assert LiveEvent.objects.filter(kind="topics", object_id=topic.pk).exists()
    with pytest.raises(Refused, match="Another topic is called late parcels"):
        topic_deeds.rename(owner, passwords(), "late parcels")
    topic_deeds.release(owner, topic)
    topic_deeds.rename(owner, topic, "")
    topic.refresh_from_db()
    assert (str(topic), topic.state) == (topic.name, "emerging")


def test_a_merge_stays_through_the_night_and_is_undone(found: Account, owner: User) -> None:
    kept, gone = parcels(), passwords()
    brought, had = members(gone), members(kept)
    middle = bytes(gone.centroid)
    topic_deeds.merge(owner, kept, gone)
    gone.refresh_from_db()
    assert members(kept) == brought | had
    assert (gone.state, gone.merged_into, bytes(gone.centroid), kinds(gone)[-1]) == ("retired", kept, middle, "joined")
    with pytest.raises(Refused, match="was merged into"):
        topic_deeds.adopt(owner, gone)
    night()
    night()
    assert brought | had <= members(kept)
    write(found, "I forgot the golden password", "golden")
    flow.process()
    assert of("I forgot the golden password") == kept  # what is near the middle of the one that is gone, too
    topic_deeds.part(owner, gone)
    assert members(gone) == brought
    assert (gone.state, kept.state) == ("adopted", "adopted")
    night()
    assert members(gone) & brought == brought
    with pytest.raises(Refused, match="was not merged"):
        topic_deeds.part(owner, gone)
    with pytest.raises(Refused, match="with itself"):
        topic_deeds.merge(owner, kept, kept)


def test_a_merged_topic_that_is_merged_again_leads_on(found: Account, owner: User) -> None:
    topics = list(Topic.objects.exclude(state="retired").order_by("pk")[:3])
    if len(topics) < 3:
        topics.append(Topic.objects.create(name="nothing", centroid=topics[0].centroid))
    one, two, three = topics
    topic_deeds.merge(owner, two, one)
    topic_deeds.merge(owner, three, two)
    assert refit.root(one.pk) == three.pk
    assert not members(one) and not members(two)
    night()
    assert not members(one) and not members(two)


def test_a_split_is_shown_first_and_stays(found: Account, owner: User) -> None:
    topic = parcels()
    topic_deeds.merge(owner, topic, passwords())
    shown = topic_deeds.finer(topic)
    assert 2 <= len(shown.parts) <= 6
    assert sum(part.size for part in shown.parts) == shown.looked_at == shown.of
    part = next(i for i, p in enumerate(shown.parts) if "password" in p.name)
    for chosen, said_then in (
        ({}, "at least one part"),
        (dict.fromkeys(range(len(shown.parts)), ""), "leave at least"),
    ):
        with pytest.raises(Refused, match=said_then):
            topic_deeds.split(owner, topic, chosen, shown.digest)
    with pytest.raises(Refused, match="changed meanwhile"):
        topic_deeds.split(owner, topic, {part: ""}, "another")
    (new,) = topic_deeds.split(owner, topic, {part: "Sign-in"}, shown.digest)
    assert (str(new), new.state, kinds(new), members(new)) == (
        *("Sign-in", "adopted", ["parted"]),
        set(shown.parts[part].messages),
    )
    assert new.messages_count == len(shown.parts[part].messages)
    mine = members(new)
    night()
    assert members(new) >= mine
    assert Topic.objects.get(pk=new.pk).state == "adopted"
    topic_deeds.merge(owner, topic, new)  # its undoing
    assert not members(new)


def test_a_larger_topic_is_split_whole(found: Account, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = parcels()
    topic_deeds.merge(owner, topic, passwords())
    whole = members(topic)
    monkeypatch.setattr(topic_deeds, "LOOKED_AT", len(whole) - 6)
    shown = topic_deeds.finer(topic)
    assert shown.of - shown.looked_at == 6
    made = topic_deeds.split(owner, topic, dict.fromkeys(range(1, len(shown.parts)), ""), shown.digest)
    assert set().union(members(topic), *(members(t) for t in made)) == whole
    texts = [set(TopicMessage.objects.filter(topic=t).values_list("message__text", flat=True)) for t in (topic, *made)]
    assert all(len({"parcel" in text for text in of_one}) == 1 for of_one in texts)


def test_what_rests_stays_quiet_until_it_is_brought_back(found: Account, owner: User) -> None:
    topic = parcels()
    mine = members(topic)
    topic_deeds.retire(owner, topic)
    with pytest.raises(Refused, match="rests"):
        topic_deeds.rename(owner, topic, "x")
    night()
    write(found, "Where is my golden parcel?", "golden")
    flow.process()
    topic.refresh_from_db()
    assert topic.state == "retired" and members(topic) >= mine
    assert of("Where is my golden parcel?").state == "retired"
    assert kinds(topic) == ["new", "retired"]
    topic_deeds.restore(owner, topic)
    assert (topic.state, kinds(topic)[-1]) == ("adopted", "restored")


def test_a_message_is_moved_and_stays_there(found: Account, owner: User) -> None:
    message = Message.objects.get(text="Where is my blue parcel?")
    old, new = parcels(), passwords()
    before = message.changed_at
    assert topic_deeds.move(owner, message, new) == old
    message.refresh_from_db()
    assert message.changed_at > before  # the columns follow
    row = TopicMessage.objects.get(message=message)
    assert (row.topic, row.user) == (new, owner)
    assert topic_deeds.move(owner, message, new) == new
    night()
    assert parcels() == new
    topic_deeds.merge(owner, old, new)
    night()
    assert parcels() == old
    fresh = write(found, "nothing was found of this yet", "later").messages.get()
    assert topic_deeds.move(owner, fresh, old) is None
    assert TopicEvent.objects.filter(kind="moved", user=owner).count() == 2


def test_an_adopted_topic_whose_messages_all_went_stays(found: Account, owner: User) -> None:
    topic = parcels()
    topic_deeds.adopt(owner, topic)
    Message.objects.filter(about__topic=topic).delete()
    said(found, timedelta(days=1))
    night()
    topic.refresh_from_db()
    assert topic.state == "adopted"


def test_nothing_to_split(owner: User) -> None:
    empty = Topic.objects.create(name="nothing", centroid=b"")
    assert topic_deeds.finer(empty).parts == ()
    with pytest.raises(Refused, match="at least one part"):
        topic_deeds.split(owner, empty, {0: "x"}, "")
