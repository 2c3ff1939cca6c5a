"""The matcher: what each kind of clue finds, and that many watches at once find what each finds alone."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.text.matching import MARKED, Heard, Matcher, alike
from crowdalogue.text.query import words_of
from crowdalogue.text.watching import Clue, Near, WatchQuery, clue, slips, typed


def caught(line: str, text: str, **heard: object) -> bool:
    return Matcher({7: typed(line)}).match(Heard(text, **heard)) == [7]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "text", "hit"),
    [
        ("acme", "I love ACME.", True),
        ("acme", "I love acmes", False),
        ("acme", "look at #acme", True),
        ("acme", "hello @Acme", True),
        ("café", "the CAFE is closed", True),
        ('"north pier"', "North\n Pier is late", True),
        ('"north pier"', "north of the pier", False),
        ('"north pier"', "so good #NorthPier", True),
        ('"north pier"', "thanks @north_pier", True),
        ("deliver*", "it was undelivered", False),
        ("deliver*", "not delivered", True),
        ("norvelle~", "my norvele broke", True),
        ("norvelle~", "my novrelle broke", True),
        ("norvelle~", "my novel broke", False),
        ("norvelle~", "my orvelle broke", False),
        ("#acme", "acme is late", False),
        ("#acme", "late (#Acme!)", True),
        ("#acme*", "late #acmefail", True),
        ("@acme", "mail me at me@acme.example", False),
        ("@acme", "hello @acme.", True),
        ("@acme", "hello @acme@social.example", True),
        ("@acme@social.example", "hello @acme@social.example, you", True),
        ("any:acme any:bolt", "a bolt", True),
        ("acme bolt", "a bolt", False),
        ("acme -jobs", "jobs at acme", False),
        ('near:"acme ~3 parcel"', "acme lost my parcel", True),
        ('near:"acme ~3 parcel"', "parcel from acme", True),
        ('near:"acme ~2 parcel"', "acme lost my parcel", False),
        ('near:"acme ~5 acme"', "acme", False),
        ('near:"acme ~5 acme"', "acme and acme", True),
        ('near:"north pier|acme ~2 late|lost"', "lost again, north pier", True),
    ],
)
def test_what_a_clue_finds(line: str, text: str, hit: bool) -> None:
    assert caught(line, text) is hit


def test_what_is_asked_of_the_author_and_the_channel() -> None:
    assert caught("acme lang:en", "acme", language="en")
    assert caught("acme lang:pt", "acme", language="pt-br")
    assert not caught("acme lang:en", "acme")
    assert caught('acme place:"new york"', "acme", place="Brooklyn, New York, USA")
    assert not caught('acme place:"new york"', "acme", place="York, new")
    assert caught("acme reach:100", "acme", reach=100)
    assert not caught("acme reach:100", "acme", reach=99)
    assert not caught("acme reach:100", "acme"), "nobody knows how many follow"
    assert caught("acme channel:email,sms", "acme", kind="sms")
    assert not caught("acme channel:email", "acme", kind="sms")
    assert not caught("acme", "acme", ours=True)
    assert caught("acme own:yes", "acme", ours=True)


def test_what_none_of_took_away_is_known() -> None:
    matcher = Matcher({1: typed("acme -jobs"), 2: typed("acme -late"), 3: typed("bolt -jobs")})
    heard = Heard("jobs at acme")
    assert matcher.match(heard) == [2]
    assert matcher.taken_away(heard) == [1]


def test_the_words_found_are_marked_where_they_stand() -> None:
    text = "Ünser Café: #NorthPier lost my delivered parcel, north pier!"
    matcher = Matcher({1: typed('any:"north pier" any:deliver* any:cafe -lost')})
    assert [text[a:b] for a, b in matcher.spans(text)] == ["Café", "NorthPier", "delivered", "north", "pier"]
    assert Matcher({}).spans(text) == []


def test_swapped_and_wrong_letters() -> None:
    assert alike("teh", "the") is False, "short words are what they are"
    assert alike("acne", "acme") is False
    assert alike("parecl", "parcel") and alike("parcl", "parcel") and alike("parrcel", "parcel")
    assert not alike("parxxl", "parcel") and not alike("marcel", "parcel"), "the first letter is right"
    assert alike("delviery", "delivery") and not alike("dlivry", "delivery")
    assert alike("delvieriees", "deliveries") and not alike("dlvrs", "deliveries")
    assert alike("#delivry", "#delivery") and not alike("#delivery", "delivery")


# --- many against each alone, and against a slow and simple matcher

VOCABULARY = ["acme", "acne", "acmes", "pier", "north", "northpier", "late", "jobs", "delivery", "delivrey", "a"]
TOKENS = st.one_of(
    st.sampled_from(VOCABULARY),
    st.sampled_from(VOCABULARY).flatmap(lambda w: st.sampled_from([f"#{w}", f"@{w}", f"{w},"])),
)
TEXTS = st.lists(TOKENS, max_size=12).map(" ".join)
CLUES = st.one_of(
    st.sampled_from(VOCABULARY),
    st.sampled_from(
        ["north pier", "late delivery", "acme*", "deliv*", "north pi*", "north pier*", "nort*", "#acme", "@pier"]
    ),
    st.sampled_from(["northpier~", "delivery~", "north pier~", "#delivery~", "#nor*"]),
).filter(lambda text: not (text.endswith("*") and len(text) < 4))
GOOD = CLUES.filter(lambda text: text != "north pi*")
LISTS = st.lists(GOOD, max_size=2, unique=True).map(tuple)
SIDES = st.lists(GOOD, min_size=1, max_size=2, unique=True).map(tuple)
QUERIES = st.builds(
    WatchQuery,
    any=LISTS,
    all=LISTS,
    none=LISTS,
    near=st.lists(st.builds(Near, SIDES, SIDES, st.integers(1, 4)), max_size=1).map(tuple),
    kinds=st.sampled_from([(), ("email",)]),
    reach=st.sampled_from([0, 10]),
).filter(lambda query: not query.empty)


@settings(max_examples=400)
@given(st.lists(QUERIES, max_size=8), TEXTS, st.sampled_from(["email", "sms"]), st.sampled_from([None, 5, 50]))
def test_many_watches_find_what_a_simple_matcher_finds(
    queries: list[WatchQuery], text: str, kind: str, reach: int | None
) -> None:
    heard = Heard(text, kind=kind, reach=reach)
    matcher = Matcher(dict(enumerate(queries)))
    assert matcher.match(heard) == [n for n, query in enumerate(queries) if naive(query, heard)]
    assert matcher.taken_away(heard) == [
        n for n, query in enumerate(queries) if not naive(query, heard) and naive(replace(query, none=()), heard)
    ]


def naive(query: WatchQuery, heard: Heard) -> bool:
    """The definition of docs/watches.md, word by word."""
    if query.kinds and heard.kind not in query.kinds:
        return False
    if query.reach and (heard.reach is None or heard.reach < query.reach):
        return False

    def has(text: str) -> bool:
        return bool(places(heard.text, clue(text)))

    return (
        (not query.any or any(map(has, query.any)))
        and all(map(has, query.all))
        and not any(map(has, query.none))
        and all(beside(heard.text, near) for near in query.near)
    )


def beside(text: str, near: Near) -> bool:
    ones = [place for each in near.one for place in places(text, clue(each))]
    others = [place for each in near.other for place in places(text, clue(each))]
    return any(
        0 < b[0] - a[1] <= near.within or 0 < a[0] - b[1] <= near.within for a, b in itertools.product(ones, others)
    )


def places(text: str, one: Clue) -> list[tuple[int, int]]:
    """Every row of words that meets the clue."""
    words = words_of(text)
    if one.words[0][0] in "#@":
        marks = [(m.start(), m[0].rstrip(".-_")) for m in MARKED.finditer(text)]
        starts = [len(words_of(text[:start])) for start, _ in marks]
        return [(n, n) for n, (_, mark) in zip(starts, marks, strict=True) if meets(mark, one.words[0], one.how)]
    rows = [one.words, *([(one.joined(),)] if one.joined() else [])]
    return [
        (start, start + len(row) - 1)
        for row in rows
        for start in range(len(words) - len(row) + 1)
        if all(
            meets(words[start + n], word, one.how if n == len(row) - 1 or one.how == "slips" else "exact")
            for n, word in enumerate(row)
        )
    ]


def meets(word: str, wanted: str, how: str) -> bool:
    if how == "prefix":
        return word.startswith(wanted)
    if how == "slips" and slips(wanted.strip("#@")):
        return alike(word, wanted)
    return word == wanted
