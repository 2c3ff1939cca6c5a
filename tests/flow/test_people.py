"""What people decide about people; the pages and the API call these."""

from __future__ import annotations

import pytest

from crowdalogue.errors import Failure
from crowdalogue.flow import people as flow
from crowdalogue.models import Handle, Merge, Person, Resemblance, User


@pytest.fixture
def three(db: None) -> list[Person]:
    made = [Person.objects.create(name=name) for name in ("Ada", "Otis", "Iris")]
    for who in made:
        Handle.objects.create(kind="email", address=f"{who.name}@example.com", person=who)
    return made


def question(one: Person, other: Person) -> Resemblance:
    return Resemblance.objects.create(one=one, other=other, evidence="order", reason="Named order 7", confidence=0.9)


def test_an_answer_counts_for_whoever_they_became(helper: User, three: list[Person]) -> None:
    ada, otis, iris = three
    asked = question(otis, iris)
    flow.join(helper, ada, otis)
    assert flow.decide(helper, asked, same=True).state == "merged"
    assert set(Handle.objects.values_list("person", flat=True)) == {ada.pk}
    assert Merge.objects.get(gone=iris).kept == ada
    assert "confirmed by Hana Helper" in Merge.objects.get(gone=iris).reason


def test_an_answer_stands_until_it_is_taken_back(helper: User, three: list[Person]) -> None:
    ada, otis, _ = three
    asked = question(ada, otis)
    flow.decide(helper, asked, same=False)
    assert flow.decide(helper, asked, same=True).state == "apart"
    assert not Merge.objects.exists()
    assert flow.reopen(helper, asked).state == "open"
    flow.decide(helper, asked, same=True)
    flow.reopen(helper, asked)
    assert Handle.objects.filter(person=otis).exists()


def test_what_others_were_merged_into_since_is_undone_there(helper: User, three: list[Person]) -> None:
    ada, otis, iris = three
    asked = question(otis, iris)
    flow.join(helper, ada, otis)
    flow.decide(helper, asked, same=True)
    with pytest.raises(Failure, match="on the person's page"):
        flow.reopen(helper, asked)


def test_a_person_may_join_what_was_parted(helper: User, three: list[Person]) -> None:
    ada, otis, _ = three
    flow.part(helper, flow.join(helper, ada, otis))
    assert Resemblance.objects.get().state == "apart"
    again = flow.join(helper, ada, otis, "They called and said so")
    assert (again.reason, again.user) == ("They called and said so", helper)
    assert Resemblance.objects.get().state == "merged"
    new = flow.split(helper, Handle.objects.get(address="Otis@example.com"))
    assert new.name == "Otis@example.com"


def test_standings_go_to_whoever_they_became(helper: User, three: list[Person]) -> None:
    ada, otis, _ = three
    flow.join(helper, ada, otis)
    assert flow.give_standing(helper, otis, "vip", "gold").person == ada
    assert flow.take_standing(helper, otis, "vip")
