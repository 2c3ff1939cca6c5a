"""The customers of the demo company."""

from __future__ import annotations

from random import Random

from crowdalogue.channels import open_channel
from crowdalogue.demo import people
from crowdalogue.demo.story import KINDS


def test_everybody_has_addresses_of_their_own_on_every_channel() -> None:
    customers = people.make_customers(Random(1), 3000)
    for kind in KINDS:
        addresses = [open_channel(kind).normalise(c.addresses[kind]) for c in customers]
        assert len(set(addresses)) == len(addresses), kind


def test_channels_show_less_than_the_whole_name() -> None:
    person = people.make_customer(Random(2), 17)
    assert person.name_on("email") == person.name_on("phone") == f"{person.first} {person.last}"
    assert person.name_on("webchat") == person.first
    assert person.last not in person.name_on("review")
    assert person.name_on("social")


def test_letters_are_made_plain_for_addresses() -> None:
    assert people.plain("Märta Sjö-Dal") == "martasjodal"
