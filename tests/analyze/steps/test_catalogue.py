import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.analyze.steps.catalogue import TOKEN, Catalogue, Entry, key

SHOP = Catalogue(
    [
        Entry("1", "Tarn Kettle", ("water boiler",), ("KX-200",)),
        Entry("2", "Ember Toaster"),
        Entry("3", "Ember Toaster Pro"),
        Entry("4", "Crème Brûlée Torch"),
        Entry("5", "Table Light"),
        Entry("6", "Desk Lamp", ("table light",)),
        Entry("7", "Pebble Speaker"),
    ]
)


def ids(text: str, catalogue: Catalogue = SHOP) -> list[tuple[str, ...]]:
    return [tuple(catalogue.entries[i].id for i in m.entries) for m in catalogue.find(TOKEN.findall(text))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("my TARN KETTLES leak", [("1",)]),
        ("creme brulee torch", [("4",)]),
        ("ember toaster pro or ember toaster", [("3",), ("2",)]),
        ("kx200, KX 200 and kx-200", [("1",), ("1",), ("1",)]),
        ("#TarnKettle", [("1",)]),
        ("the Tarn Ketle and the Tran Kettle", [("1",), ("1",)]),
        ("my Pebble Speakre", [("7",)]),
        ("which table light", [("5", "6")]),
        ("water boilers", [("1",)]),
        ("is the Pebble loud", [("7",)]),
        ("a pebble beach", []),
        ("a better offer", []),
    ],
)
def test_names_are_found_however_they_are_written(text: str, found: list[tuple[str, ...]]) -> None:
    assert ids(text) == found


def test_parts_of_names_are_not_used_where_there_are_many_entries() -> None:
    many = Catalogue([Entry("1", "Tarn Kettle"), *(Entry(f"x{i}", f"Thing Nr{i}x") for i in range(400))])
    assert ids("the kettle", many) == []
    assert ids("the tarn kettle", many) == [("1",)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("boxes", "box"), ("Häuser's", "hauser"), ("Babies", "baby"), ("LAMPS", "Lamp"), ("dresses", "dress")],
)
def test_one_form_for_plurals_accents_and_case(one: str, other: str) -> None:
    assert key(one) == key(other)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 9), st.sampled_from(("delete", "insert", "replace", "swap")), st.sampled_from("aeinstxz"))
def test_one_slip_anywhere_in_a_name_is_forgiven(at: int, how: str, letter: str) -> None:
    word = "chandelier"
    wrong = {
        "delete": word[:at] + word[at + 1 :],
        "insert": word[:at] + letter + word[at:],
        "replace": word[:at] + letter + word[at + 1 :],
        "swap": word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
    }[how]
    assert ids(f"our velvet {wrong} fell", Catalogue([Entry("1", "Velvet Chandelier")])) == [("1",)]


def test_nothing_is_found_in_an_empty_catalogue_or_by_an_empty_name() -> None:
    assert Catalogue([]).find(["kettle"]) == []
    empty = Catalogue([Entry("1", ""), Entry("2", "…"), Entry("3", "Lamp", ("", " "), ("", "-"))])
    assert ids("a lamp", empty) == [("3",)]
    assert ids("", empty) == []


def test_a_hundred_thousand_products_are_built_and_searched() -> None:
    rng = random.Random(5)
    parts = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "on", "er", "il")]
    words = ["".join(rng.choices(parts, k=rng.randint(2, 4))) for _ in range(40_000)]
    entries = [Entry(str(i), " ".join(rng.choices(words, k=3)), (), (f"AB-{i}",)) for i in range(100_000)]
    began = time.process_time()
    catalogue = Catalogue(entries)
    assert time.process_time() - began < 30  # 1.5 on a quiet machine
    began = time.process_time()
    for entry in entries[::200]:
        assert ids(f"where is the {entry.name.upper()} I ordered", catalogue)[0] == (entry.id,)
        assert ids(f"part for {entry.codes[0]}", catalogue)[0] == (entry.id,)
    assert time.process_time() - began < 10
