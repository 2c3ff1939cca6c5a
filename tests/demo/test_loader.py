"""The demo company in the store: loaded once, gone on with after a break, taken out whole."""

from __future__ import annotations

import json
import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.demo import loader
from crowdalogue.demo.company import BY_NAME
from crowdalogue.listen import runs
from crowdalogue.models import (
    Account,
    Brand,
    BusinessRecord,
    CatalogueEntry,
    Company,
    Conversation,
    Handle,
    Import,
    Message,
    Person,
    Reply,
    Topic,
    User,
    WeeklyPage,
)
from crowdalogue.text.search import search, search_people

pytestmark = pytest.mark.django_db
SCALE = 0.03


def rows() -> dict[str, int]:
    models = apps.get_app_config("crowdalogue").get_models(include_auto_created=True)
    left_out = ("LiveEvent",)  # announcements, forgotten after a day
    return {m.__name__: n for m in models if m.__name__ not in left_out and (n := m.objects.count())}


def test_load_twice_and_remove(company: Company, owner: User) -> None:
    before = rows()
    seen: list[tuple[Any, ...]] = []
    run = loader.load(progress=lambda *told: seen.append(told), scale=SCALE, user=owner)
    assert run.state == Import.State.DONE
    assert run.name == "Demo company"
    new = run.counts["new"]
    assert new["messages"] == run.position == run.rows == seen[-1][0]
    assert new["messages"] == Message.objects.exclude(direction="note").count() > 500
    assert new["conversations"] == Conversation.objects.count()
    assert run.counts["in"] + run.counts["out"] == new["messages"]
    assert run.counts["records"] == BusinessRecord.objects.count()
    for model in (Account, Person, BusinessRecord, Brand):
        assert not model.objects.filter(demo=False).exists(), model
    assert Brand.objects.filter(competitor=True).count() == 2
    assert BusinessRecord.objects.filter(person__isnull=False).exists()
    loaded = rows()

    again = loader.load(scale=SCALE)
    assert again.counts["new"]["messages"] == 0
    assert again.counts["repeated"] == new["messages"]
    assert {k: v for k, v in rows().items() if k != "Import"} == {k: v for k, v in loaded.items() if k != "Import"}

    assert set(CatalogueEntry.objects.values_list("name", flat=True)) == set(BY_NAME)  # messages are read for them
    WeeklyPage.objects.create(start=date(2026, 11, 9))
    Topic.objects.create(name="lid leaks", centroid=b"")
    assert loader.truth_path().exists()
    assert loader.remove() > new["messages"]
    assert rows() == before
    assert not (CatalogueEntry.objects.exists() or WeeklyPage.objects.exists() or Topic.objects.exists())
    assert not loader.truth_path().exists()

    once_more = loader.load(scale=SCALE)
    assert once_more.counts["new"]["messages"] > 500
    loader.remove()
    assert rows() == before


def test_what_is_not_of_the_demo_stays(company: Company, owner: User) -> None:
    real = flow.enter(owner, kind="phone", text="A real call", name="Real Caller", phone="+15559990001")
    before = rows()
    loader.load(scale=SCALE)
    loader.remove()
    assert rows() == before
    assert Message.objects.get().pk == real.pk
    assert loader.remove() == 0


def afternoon() -> datetime:
    """The last Wednesday afternoon: promises run in the team's hours, so at night and on Sundays few are broken."""
    now = timezone.now().replace(hour=15, minute=0, second=0, microsecond=0)
    return now - timedelta(days=(now.weekday() - 2) % 7 or 7)


def test_the_inbox_is_alive(company: Company, helper: User, monkeypatch: pytest.MonkeyPatch) -> None:
    now = afternoon()
    monkeypatch.setattr(timezone, "now", lambda: now)
    loader.load(scale=SCALE)
    waiting = Conversation.objects.filter(state="open", waiting_since__isnull=False)
    running = waiting.filter(due_at__gt=now, due_at__lt=now + timedelta(days=2))
    assert running.count() >= 10
    late = waiting.filter(due_at__lt=now).count()
    assert 0 < late < running.count() * 2
    assert not waiting.filter(brand__competitor=True).exists()
    assert Conversation.objects.filter(state="apart").exists()
    answered = Conversation.objects.filter(first_response_s__isnull=False)
    assert answered.count() > 0.4 * Conversation.objects.filter(account__key="demo-email").count()
    message = Message.objects.filter(direction="in").first()
    assert message is not None
    assert message.received_at == message.sent_at
    assert search(helper, "leak* OR refund OR order").rows
    handle = Handle.objects.filter(kind="phone", person__isnull=False).first()
    assert handle is not None
    assert search_people(helper, handle.address)[0].person == handle.person


@pytest.mark.parametrize("kind", ["email", "webchat", "social"])
def test_the_demo_can_be_answered_and_nothing_is_sent(company: Company, helper: User, kind: str) -> None:
    loader.load(scale=SCALE)
    conversation = Conversation.objects.filter(account__key=f"demo-{kind}", waiting_since__isnull=False).first()
    assert conversation is not None
    reply = flow.answer(helper, conversation, "I am looking into it.", key=f"key-for-{kind}-1")
    assert flow.deliver() == 1
    reply.refresh_from_db()
    assert reply.state == Reply.State.SENT
    conversation.refresh_from_db()
    assert conversation.waiting_since is None


def test_a_stop_leaves_the_rest_to_the_next_worker(company: Company) -> None:
    stop = threading.Event()
    run = loader.load(progress=lambda *told: stop.set() if told[0] else None, stop=stop, scale=SCALE * 2)
    assert run.state == Import.State.WAITING
    assert 0 < run.position == Message.objects.exclude(direction="note").count()
    assert loader.begin().pk == run.pk
    done = loader.run(loader.begin())
    assert done.state == Import.State.DONE
    assert done.counts["new"]["messages"] == done.rows == Message.objects.exclude(direction="note").count()
    assert done.counts["repeated"] == 0


class Killed(BaseException):
    """As far as the rows are concerned, kill -9: nothing after it runs, and the open transaction is undone."""


@pytest.mark.parametrize("at", ["messages", "records"])
def test_a_kill_in_the_middle_of_a_transaction_loses_and_doubles_nothing(
    company: Company, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    calls = {"n": 0}
    room, name = (runs, "count") if at == "messages" else (loader, "record_row")
    whole = getattr(room, name)

    def dies(*given: Any) -> Any:
        calls["n"] += 1
        if calls["n"] == 2:
            raise Killed
        return whole(*given)

    run = loader.begin(scale=SCALE * 2)
    with monkeypatch.context() as patched:
        patched.setattr(loader, "TALKS_AT_ONCE", 100)
        patched.setattr(room, name, dies)
        with pytest.raises(Killed):
            loader.run(run)
    run.refresh_from_db()
    assert run.state == Import.State.RUNNING
    monkeypatch.setattr(loader, "TALKS_AT_ONCE", 100)
    done = loader.run(run)
    assert done.state == Import.State.DONE
    assert done.counts["new"]["messages"] == done.rows == Message.objects.exclude(direction="note").count()
    assert done.counts["records"] == BusinessRecord.objects.count()
    truth = json.loads(loader.truth_path().read_text())
    assert len(truth["topics"]) == Conversation.objects.count()


def test_a_run_somebody_stopped_is_left_alone(company: Company) -> None:
    run = loader.begin(scale=SCALE)
    run.state = Import.State.RUNNING  # as a worker remembers it
    Import.objects.filter(pk=run.pk).update(state=Import.State.STOPPED)
    assert loader.run(run).state == Import.State.STOPPED
    assert not Message.objects.exists()
