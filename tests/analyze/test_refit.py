"""Topics of the store: found once a day, with ids that stay, and given to new messages at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.analyze import refit
from crowdalogue.demo import loader
from crowdalogue.models import (
    Account,
    Company,
    Embedding,
    Message,
    Topic,
    TopicEvent,
    TopicFit,
    TopicMessage,
    User,
)
from tests.said import write

pytestmark = pytest.mark.django_db

ASKED = ("Where is my {} parcel?", "The {} parcel never came", "I forgot the {} password", "My {} password is wrong")
COLOURS = ("blue", "red", "green", "grey", "white", "black", "pink", "brown")


def said(account: Account, since: timedelta = timedelta(0)) -> None:
    for form in ASKED:
        for colour in COLOURS:
            name = f"{form}{colour}{since}"
            write(account, form.format(colour), name, sent_at=timezone.now() - since)
    while flow.process():
        pass


def test_a_week_of_the_demo_company_keeps_its_ids(company: Company, owner: User) -> None:
    loader.load(scale=0.04, user=owner)
    while flow.process():
        pass
    today = timezone.now()
    fits = [refit.refit(today - timedelta(days=back)) for back in range(6, -1, -1)]
    made = [f for f in fits if f is not None]
    assert len(made) == 7
    assert all(f.topics > 5 and f.messages > 100 for f in made)
    stayed = [f.stayed for f in made[1:]]
    print("stayed", stayed, "topics", [f.topics for f in made])
    assert all(s is not None and s >= 0.9 for s in stayed)
    heard = Embedding.objects.filter(
        message__direction="in", message__apart__isnull=True, message__sent_at__gte=today - timedelta(days=refit.DAYS)
    )
    assert not heard.filter(message__about__isnull=True, message__sent_at__lte=today).exists()
    names = [str(t) for t in Topic.objects.exclude(state="retired").filter(messages_count__gt=0)]
    assert len(names) == len(set(names)) == made[-1].topics
    loader.remove()
    assert not TopicMessage.objects.exists()


def test_once_a_day_and_again_when_there_is_twice_as_much(account: Callable[..., Account]) -> None:
    here = account("social")
    write(here)
    assert flow.process() == 1
    assert not flow.find_topics()  # one message is no topic yet, and tomorrow's turn is not used up
    assert not TopicFit.objects.exists()
    said(here)
    assert flow.find_topics()
    assert not flow.find_topics()
    ids = set(Topic.objects.values_list("pk", flat=True))
    assert 2 <= len(ids) <= 12
    assert TopicEvent.objects.filter(kind="new").count() == len(ids)
    said(here, timedelta(days=2))
    assert flow.find_topics()
    assert ids & set(TopicMessage.objects.values_list("topic_id", flat=True))


def test_a_fit_that_was_cut_off_is_begun_again(account: Callable[..., Account]) -> None:
    said(account("social"))
    now = timezone.now()
    assert refit.due(now) is not None
    assert refit.due(now) is None
    assert refit.due(now + refit.EVERY + timedelta(seconds=1)) is not None or now.date() != (now + refit.EVERY).date()


def test_a_long_fit_is_seen_by_the_columns(account: Callable[..., Account]) -> None:
    """What it writes is changed when it is written: the columns do not look back to when it began."""
    said(account("social"), timedelta(minutes=5))
    began = timezone.now()
    assert refit.refit(began - timedelta(minutes=2)) is not None
    placed = Message.objects.filter(pk__in=TopicMessage.objects.values("pk"))
    assert placed.exists() and not placed.filter(changed_at__lt=began).exists()


def test_a_new_message_has_its_topic_when_it_is_read(account: Callable[..., Account]) -> None:
    here = account("social")
    said(here)
    flow.find_topics()
    parcel = TopicMessage.objects.get(message__text="Where is my blue parcel?").topic
    write(here, "Where is my purple parcel?", "new")
    flow.process()
    fresh = TopicMessage.objects.get(message__text="Where is my purple parcel?")
    siblings = TopicMessage.objects.filter(topic=fresh.topic, message__text__contains="parcel")
    assert siblings.count() > 1
    assert 0.3 < fresh.alike <= 1.001
    assert "parcel" in parcel.name


def test_what_a_person_said_stays(account: Callable[..., Account], owner: User) -> None:
    said(account("social"))
    flow.find_topics()
    message = Message.objects.get(text="I forgot the red password")
    other = Topic.objects.exclude(pk=TopicMessage.objects.get(message=message).topic_id).first()
    assert other is not None
    TopicMessage.objects.filter(pk=message.pk).update(topic=other, user=owner)
    Topic.objects.filter(pk=other.pk).update(own_name="Ours", state="adopted")
    refit.refit(timezone.now() + timedelta(days=1))
    assert TopicMessage.objects.get(pk=message.pk).topic_id == other.pk
    other.refresh_from_db()
    assert (str(other), other.state) == ("Ours", "adopted")
