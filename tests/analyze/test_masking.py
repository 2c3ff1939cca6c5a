"""What is personal is hidden in a message and in our answer to it; everything else stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue import flow
from crowdalogue.analyze import masking
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, Handle, Message, Person


def hidden(text: str, name: str = "Mara Lind", address: str = "mara_l") -> str:
    return masking.hide(text, [Handle(kind="social", address=address, name=name, person=Person(name=name))])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Call me on +44 7700 900123", "Call me on +•• •••• ••••••"),
        ("The kettle leaks. Regards, Mara", "The kettle leaks. Regards, ••••"),
        ("Dear MARA LIND, it is on its way", "Dear •••• ••••, it is on its way"),
        ("@mara_l thank you", "@••••_• thank you"),
        ("A marathon in Lindau", "A marathon in Lindau"),
    ],
)
def test_names_and_addresses_of_the_author_are_hidden_with_what_is_found(text: str, shown: str) -> None:
    assert hidden(text) == shown


def test_words_of_everyday_speech_are_no_names() -> None:
    assert hidden("Will the kettle last? Will Smith", "Will Smith") == "Will the kettle last? •••• •••••"
    assert hidden("Hi Will, will it last? – Will", "Will Smith") == "Hi ••••, will it last? – ••••"
    assert hidden("Una tetera\nUna\nGracias, Una.", "Una Vey") == "Una tetera\n•••\nGracias, •••."
    assert hidden("I love coffee", "coffee lover", "coffee") == "I love coffee"
    assert hidden("Hello @coffee", "coffee lover", "coffee") == "Hello @••••••"


@given(st.text(max_size=60), st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_any_text_and_name_keep_their_length(text: str, name: str, address: str) -> None:
    assert len(hidden(text, name, address)) == len(text)


def test_customers_are_numbers_and_our_own_are_named(account: Callable[..., Account]) -> None:
    items = [
        Incoming("1", Author("mara@example.com", "Mara Lind"), "It leaks", subject="Mara here", threads=("t",)),
        Incoming("2", Author("us", "Northwind Care", ours=True, brand="Northwind"), "Dear Mara", threads=("t",)),
    ]
    flow.file(account("email"), items)
    theirs, ours = Message.objects.select_related(*masking.RELATED).order_by("pk")
    assert theirs.handle and masking.author_of(theirs) == f"person {theirs.handle.person_id}"
    assert (masking.author_of(ours), masking.text_of(ours)) == ("Northwind Care", "Dear ••••")
    row = masking.exported(theirs, {"text": "", "url": "https://example.com/mara", "extra": '{"reply_to": "m"}'})
    assert (row["subject"], row["url"], row["extra"]) == ("•••• here", "", "{}")
