"""Many addresses, one person: joined by evidence, asked where it is not sure, never by a name alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.demo import loader, scores
from crowdalogue.listen import identity, merging
from crowdalogue.models import Account, BusinessRecord, Company, Handle, Merge, Person, Resemblance, User

Say = Callable[..., Person]


@pytest.fixture
def say(account: Callable[..., Account]) -> Say:
    """`say("email", "ada@example.com", "Hello", name="Ada Pellow", facts={...})` files it; returns the person."""
    made: dict[str, Account] = {}
    count = iter(range(1, 10_000))

    def write(kind: str, address: str, text: str = "Hello", *, name: str = "", facts: Any = (), **extra: Any) -> Person:
        if kind not in made:
            made[kind] = account(kind)
        item = Incoming(f"m{next(count)}", Author(address, name, facts=dict(facts)), text, extra=extra)
        flow.file(made[kind], [item])
        return who(address, kind)

    return write


def who(address: str, kind: str = "") -> Person:
    handles = Handle.objects.exclude(facts__has_key="said").filter(address=address)
    person = (handles.filter(kind=kind) if kind else handles).get().person
    assert person is not None
    return person


def everything() -> identity.Recognised:
    total = identity.Recognised()
    for _ in range(50):
        done = identity.recognise()
        total.looked += done.looked
        total.merged += done.merged
        total.suggested += done.suggested
        if not done.looked:
            return total
    raise AssertionError("it never ends")


def order(number: str = "BC-70001", person: Person | None = None, product: str = "Tarn Kettle", **facts: Any) -> None:
    at = timezone.now() - timedelta(days=5)
    BusinessRecord.objects.create(kind="order", external_id=number, person=person, at=at, product=product, facts=facts)


def test_the_same_customer_signed_in(say: Say) -> None:
    chat = say("webchat", "v1", name="Ada", facts={"customer_id": "K1"})
    social = say("social", "@otter7", name="Quiet Otter7", facts={"customer_id": "K1"})
    done = everything()
    assert (done.merged, done.suggested) == (1, 0)
    row = Merge.objects.get()
    assert (row.kept, row.gone, row.evidence, row.user) == (chat, social, "verified_sign_in", None)
    assert row.confidence > 0.99
    assert row.reason == "Signed in as customer K1"
    assert who("@otter7") == chat
    assert everything().looked == 0


def test_a_name_alone_joins_nobody(say: Say) -> None:
    say("email", "ada@example.com", name="Ada Pellow")
    say("phone", "+15550100199", name="Ada Pellow")
    done = everything()
    assert (done.looked, done.merged, done.suggested) == (2, 0, 0)


@pytest.mark.parametrize("first", ["mail", "chat"])
def test_a_typed_address_counts_with_the_name_whichever_came_first(say: Say, first: str) -> None:
    def mail() -> None:
        say("email", "ada@example.com", name="Ada Pellow")

    def chat() -> None:
        say("webchat", "v1", name="Ada", facts={"email": "Ada@example.com"})

    for step in (mail, chat) if first == "mail" else (chat, mail):
        step()
        everything()
    assert who("v1") == who("ada@example.com")
    assert Merge.objects.get().evidence == "own_word"


def test_somebody_else_who_types_my_address_is_not_me(say: Say) -> None:
    chat = say("webchat", "v1", name="Otis Quince", facts={"email": "ada@example.com"})
    everything()
    said = Handle.objects.get(kind="email", address="ada@example.com")
    assert said.facts["said"]
    assert said.person == chat
    ada = say("email", "ada@example.com", name="Ada Pellow")
    assert ada != chat
    assert everything().merged == 0
    unknown = say("social", "@otter7", "My e-mail is ada@example.com")
    done = everything()
    assert (done.merged, done.suggested) == (0, 1)
    question = Resemblance.objects.get()
    assert {question.one, question.other} == {ada, unknown}
    assert everything().suggested == 0


def test_an_order_named_with_what_was_ordered(say: Say) -> None:
    ada = say("email", "ada@example.com", name="Ada Pellow")
    order(person=ada)
    say("social", "@otter7", "where is my kettle? order BC-70001")
    assert everything().merged == 1
    assert who("@otter7") == ada
    say("webchat", "v2", "about BC-70001", name="Leah")  # somebody else asks for her
    assert everything().merged == 0


def test_an_order_nobody_was_known_by_yet(say: Say) -> None:
    order(email="ada@example.com")
    say("webchat", "v1", "where is my kettle, order BC-70001", name="Ada")
    everything()
    say("email", "ada@example.com", name="Ada Pellow")
    assert everything().merged == 1
    assert who("v1") == who("ada@example.com")


def test_a_signature_and_what_stands_on_the_order(say: Say) -> None:
    say("phone", "+15550100199", name="Ada Pellow")
    say("email", "ada@example.com", "Hello,\n\nit leaks.\n\nBest\nAda Pellow\n+1 555 010 0199", name="Ada Pellow")
    assert everything().merged == 1
    assert Merge.objects.get().evidence == "signature"
    say("store", "+15550100199", name="Ada Pellow")
    assert everything().merged == 1
    assert who("ada@example.com").handles.count() == 3


def test_profiles_that_link_to_each_other(say: Say) -> None:
    here, there = "https://social.example.com/otter", "https://reviews.example.com/u/otter"
    say("social", "@otter", facts={"url": here, "about": f"also {there}"})
    say("review", "otter-7", facts={"url": there, "links": [here]})
    assert everything().merged == 1
    assert Merge.objects.get().evidence == "link"


def test_a_link_one_way_is_only_asked(say: Say) -> None:
    say(
        "review",
        "otter-7",
        name="Ada P.",
        facts={"url": "https://a.example.com/u/7", "links": ["https://b.example.com/x"]},
    )
    say("social", "@ada", name="Ada", facts={"links": ["https://a.example.com/u/7"]})
    done = everything()
    assert (done.merged, done.suggested) == (0, 1)


def test_a_family_on_one_telephone(say: Say) -> None:
    say("phone", "+15550100199", name="Ada Pellow")
    say("email", "otis@example.com", "Hi,\n\nplease call.\n\nOtis Pellow\n+1 555 010 0199", name="Otis Pellow")
    say("email", "iris@example.com", "Hi,\n\nplease call.\n\nIris Pellow\n+1 555 010 0199", name="Iris Pellow")
    assert everything().merged == 0


def test_two_signed_in_customers_stay_two(say: Say) -> None:
    one = say("webchat", "v1", name="Ada Pellow", facts={"customer_id": "K1", "email": "ada@example.com"})
    other = say("webchat", "v2", name="Ada Pellow", facts={"customer_id": "K2", "email": "ada@example.com"})
    assert everything().merged == 0
    assert who("v1") == one
    assert who("v2") == other


def test_what_was_parted_is_not_joined_or_asked_again(say: Say, helper: User) -> None:
    say("webchat", "v1", name="Ada", facts={"customer_id": "K1"})
    say("social", "@otter7", facts={"customer_id": "K1"})
    everything()
    merging.undo(Merge.objects.get(), helper)
    identity.look_again()
    done = everything()
    assert (done.merged, done.suggested) == (0, 0)
    assert who("v1") != who("@otter7")


def test_our_own_and_boxes_of_many_tie_nobody(say: Say) -> None:
    Handle.objects.create(kind="email", address="me@ours.example.com", ours=True)
    for n in range(3):
        say("webchat", f"v{n}", name="Ada Pellow", facts={"email": "me@ours.example.com"})
        say("social", f"@o{n}", "my e-mail is info@example.com", name="Ada Pellow")
    done = everything()
    assert (done.merged, done.suggested) == (0, 0)


def test_only_who_has_something_new_is_looked_at(say: Say) -> None:
    for n in range(5):
        say("webchat", f"v{n}")
    assert everything().looked == 5
    say("webchat", "v3", "again")
    assert everything().looked == 1
    assert identity.look_again() == 5
    assert everything().looked == 5


def test_a_claim_left_by_a_dead_worker_runs_out(say: Say) -> None:
    say("webchat", "v1")
    now = timezone.now()
    _, ids = identity.claim(10, now)
    assert len(ids) == 1
    assert identity.claim(10, now)[1] == []
    assert identity.claim(10, now + 2 * identity.LEASE)[1] == ids


@pytest.mark.django_db(transaction=True)
def test_workers_beside_each_other_come_to_the_same(say: Say) -> None:
    for n in range(60):
        say("webchat", f"v{n}", name="Ada", facts={"customer_id": f"K{n % 20}"})
    wrong: list[Exception] = []

    def work() -> None:
        try:
            while identity.recognise(7).looked:
                pass
        except Exception as error:  # noqa: BLE001  (whatever it is, the test shows it)
            wrong.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []
    everything()
    assert Person.objects.filter(merged_into__isnull=True).count() == 20
    assert Merge.objects.filter(undone_at__isnull=True).count() == 40


@pytest.mark.django_db
def test_on_the_demo_company(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    """The figures the issue asks for, on a tenth of the demo company; printed."""
    loader.load(scale=0.1)
    everything()
    found = scores.identity()
    with capsys.disabled():
        print(json.dumps(found))
    assert found["pairs_true"] > 1000
    assert found["precision"] >= 0.99
    assert found["recall"] >= 0.80
    assert found["not_yet_looked_at"] == 0
    # Two that were both taken from a third may still be found to be one; those that were parted stay apart.
    undone = list(Merge.objects.filter(undone_at__isnull=True).order_by("pk")[::25][:20])
    for row in undone:
        merging.undo(row)
    everything()
    for row in undone:
        row.refresh_from_db()
        assert merging.root_of(row.kept) != merging.root_of(row.gone)
