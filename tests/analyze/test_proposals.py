from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils.timezone import now

from crowdalogue import flow
from crowdalogue.analyze import proposals
from crowdalogue.analyze.known import known
from crowdalogue.analyze.steps.catalogue import Catalogue, Entry
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, CatalogueEntry, NameProposal

SHOP = Catalogue([Entry("1", "Tarn Kettle"), Entry("2", "Ember Toaster")])


def said(*texts: str, language: str = "en") -> list[proposals.Said]:
    return [(i, i, language, text) for i, text in enumerate(texts)]


def names(found: list[proposals.Proposed]) -> list[str]:
    return [one.name for one in found]


def test_a_name_that_several_people_use_for_a_product_is_proposed() -> None:
    texts = said(
        "I ordered the Skerry Grill last week",
        "my Skerry Grill has rust",
        "is your Skerry Grill any good",
        "#SkerryGrill is a joy",
        "my Tarn Kettle and my Tarn Ketle leak",
        "the Tarn Kettle again",
        "a Tarn Kettle too",
    )
    found = proposals.propose(texts, SHOP)
    assert names(found) == ["Skerry Grill"]
    assert (found[0].count, len(found[0].authors), found[0].examples) == (4, 4, [0, 1, 2, 3])


@pytest.mark.parametrize(
    "text",
    [
        "I am in the Leeds area",
        "WHERE IS THE SKERRY GRILL",
        "the Monday delivery",
        "thanks to Anna",
        "see the Brindlecove page",
        "it is new. Skerry",
        "",
        "# #1 #a 😀",
    ],
)
def test_what_is_no_name_of_a_product_is_not(text: str) -> None:
    assert proposals.propose(said(*[text] * 5), SHOP, ["Brindlecove"]) == []


def test_one_person_who_repeats_a_name_is_one_person() -> None:
    assert proposals.propose([(i, 7, "en", "my Skerry Grill") for i in range(9)], SHOP) == []


def test_german_nouns_are_no_names_but_two_of_them_may_be() -> None:
    assert proposals.propose(said(*["ist die Lieferung und mein Paket da"] * 5, language="de"), SHOP) == []
    assert names(proposals.propose(said(*["ist mein Skerry Grill da"] * 5, language="de"), SHOP)) == ["Skerry Grill"]


def test_the_part_of_a_longer_name_is_not_proposed_beside_it() -> None:
    texts = said(*["my Skerry Grill Pro"] * 4, *["my Skerry Grill"] * 3)
    assert names(proposals.propose(texts, SHOP)) == ["Skerry Grill Pro"]


@pytest.mark.django_db
def test_looking_adopting_and_dismissing(account: Callable[..., Account]) -> None:
    CatalogueEntry.objects.create(name="Tarn Kettle")
    mailbox = account("email")
    for number in range(3):
        writer = Author(f"person{number}@example.com")
        text = f"my Skerry Grill and my Pinnacle broke {number} times"
        flow.file(mailbox, [Incoming(str(number), writer, text, sent_at=now())])
    at = now()
    assert proposals.look(at) == 2
    assert proposals.look(at + timedelta(hours=1)) == 0
    grill, pinnacle = NameProposal.objects.get(name="Skerry Grill"), NameProposal.objects.get(name="Pinnacle")
    assert (grill.authors, grill.count) == (3, 3)
    entry = proposals.adopt(None, grill, "Skerry Table Grill", at)
    assert (entry.synonyms, entry.source) == (["Skerry Grill"], "proposal")
    assert "Skerry Grill" in known()["catalogue"]
    proposals.dismiss(None, pinnacle)
    assert proposals.look(at + timedelta(hours=2)) == 0
    assert NameProposal.objects.get(pk=pinnacle.pk).state == "dismissed"
