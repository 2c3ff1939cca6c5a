"""Names in the customers' own words: telling, without stop words, one each."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.analyze import naming

GROUPS = {
    "parcel": ["My parcel is late", "where is my parcel now?", "The parcel never came", "parcel lost by the courier"],
    "refund": ["I want my money back", "a refund please", "refund for the blue jacket", "no refund after 3 weeks"],
    "gift card": ["The gift card does not work", "gift card expired", "my gift card is empty", "a gift card for mum"],
}


def named(groups: dict[str, list[str]]) -> list[naming.Named]:
    texts = [t for found in groups.values() for t in found]
    of = np.repeat(np.arange(len(groups)), [len(found) for found in groups.values()])
    return naming.names([naming.phrases(t) for t in texts], of, [found[0] for found in groups.values()])


def test_names_are_their_words() -> None:
    names = [n.name for n in named(GROUPS)]
    assert all(word in name for word, name in zip(GROUPS, names, strict=True))


def test_phrases_say_something() -> None:
    said = naming.phrases("Why is the Gift Card's code not working? See https://example.com/x @somebody 1234 I'm sorry")
    assert {"gift card", "card code", "code", "working"} <= said
    assert not said & {"the", "why", "not", "1234", "somebody", "https", "example", "i'm", "sorry"}
    assert "code working" not in said  # they do not stand side by side


def test_a_word_and_its_particle_are_one() -> None:
    said = naming.phrases("Why did my top-up fail? I was logged out, and want my money back.")
    assert {"top up", "logged out", "money back"} <= said and not said & {"up", "out", "back"}


def test_named_as_customers_say_it() -> None:
    """With the messages at hand; a word that is only said in a pair stands as that pair."""
    groups = {
        "verify": ["How do I verify my identity?", "verify my identity please", "Why verify my identity"],
        "limit": [
            "limit for top ups",
            "is there a limit to top ups",
            "the limit of my top ups",
            "what limit, top ups?",
        ],
        "top up": ["my top up is late", "late top up", "top up late again", "the top up came late", "top up, late"],
    }
    texts = [t for found in groups.values() for t in found]
    of = np.repeat(np.arange(3), [len(found) for found in groups.values()])
    named = naming.names([naming.phrases(t) for t in texts], of, [f[0] for f in groups.values()], texts)
    assert named[0].name == "verify my identity"
    assert "top ups" in named[1].name and "top up" in named[2].name


def test_products_stand_whole_and_letters_leave_no_trace() -> None:
    groups = {
        "robot": ["Drift Robot Vacuum stuck", "my Drift Robot Vacuum", "the Drift Robot Vacuum, stuck again"],
        "danke": ["Vielen Dank, Lieferung kam", "Liebe Grüße, die Lieferung war da", "Danke, Lieferung gut"],
        "rates": ["exchange rates today", "which exchange rates", "exchange rates and an exchange", "exchange rates"],
    }
    names = [n.name for n in named(groups)]
    assert "drift robot vacuum" in names[0] and "exchange rates" in names[2]
    assert "lieferung" in names[1] and not {"danke", "dank", "liebe", "grüße"} & set(names[1].split(", "))


def test_numbers_of_orders_and_addresses_are_no_words() -> None:
    said = naming.phrases("My order BC-79217 (#AB123) went to jo.berg@example.com, model X9 @shop")
    assert said == {"order", "model", "x9", "model x9"}


def test_without_words_the_middle_speaks() -> None:
    (only,) = named({"": ["Is it?" * 40, "It is."]})
    assert only.name.startswith("Is it?")
    assert len(only.name) <= naming.LONGEST + 1
    assert naming.names([set()], np.array([0]), [" "])[0].name == "no words"


def test_same_words_other_names() -> None:
    names = [n.name for n in named({str(i): ["the parcel is late", "parcel late"] for i in range(5)})]
    assert len({n.casefold() for n in names}) == 5


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.integers(0, 4)), min_size=1, max_size=30))
def test_any_text_is_named(rows: list[tuple[str, int]]) -> None:
    known = sorted({g for _, g in rows})
    of = np.array([known.index(g) for _, g in rows])
    middles = [next(t for t, g in rows if g == k) for k in known]
    names = naming.names([naming.phrases(t) for t, _ in rows], of, middles)
    assert len({n.name.casefold() for n in names}) == len(known)
    assert all(n.name.strip() for n in names)
