"""How well people were recognised, against what the generator knows."""

from __future__ import annotations

import json

import pytest

from crowdalogue.demo import loader, scores
from crowdalogue.errors import Failure
from crowdalogue.models import Company, Handle, Merge, Person, Resemblance

pytestmark = pytest.mark.django_db


def test_pairs_are_counted_as_people_are(company: Company) -> None:
    """Ada has three addresses of which two were joined; her number is Otis's too; Iris was joined wrongly."""
    truth = {
        "p1": [["email", "ada@example.com"], ["phone", "+15550100199"], ["social", "@ada"]],
        "p2": [["email", "otis@example.com"], ["phone", "+1 555 010 0199"]],
        "p3": [["email", "iris@example.com"]],
    }
    loader.truth_path().write_text(json.dumps({"addresses": truth}))
    people = [Person.objects.create(demo=True) for _ in range(3)]
    whose = {"ada@example.com": 0, "+15550100199": 0, "iris@example.com": 0, "@ada": 1, "otis@example.com": 2}
    for address, n in whose.items():
        kind = "email" if "." in address else "phone" if address.startswith("+") else "social"
        Handle.objects.create(kind=kind, address=address, person=people[n])
    Handle.objects.create(kind="customer", address="K1", person=people[0])  # no address somebody writes from
    gone = Person.objects.create(demo=True, merged_into=people[0])
    Merge.objects.create(kept=people[0], gone=gone, evidence="order", reason="x")
    Resemblance.objects.create(one=people[0], other=people[1], evidence="order", reason="x", confidence=0.9)
    Resemblance.objects.create(one=people[1], other=people[2], evidence="order", reason="x", confidence=0.9)
    try:
        found = scores.identity()
    finally:
        loader.truth_path().unlink()
    assert found["addresses"] == 5
    assert found["pairs_true"] == 4  # ada-phone, ada-social, phone-social, otis-phone
    assert found["pairs_joined"] == 3  # ada-phone, ada-iris, phone-iris
    assert found["precision"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["recall"] == 0.25
    assert found["suggested"] == {"open": 2, "right": 0.5}
    assert found["merges"] == 1
    assert found["not_yet_looked_at"] == 3


def test_without_the_demo_there_is_nothing_to_compare(company: Company) -> None:
    with pytest.raises(Failure, match="Load the demo"):
        scores.identity()
