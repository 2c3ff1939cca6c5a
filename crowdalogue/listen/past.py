"""What was already received, for watches: candidates by the word index, newest first, and messages as a watch
sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from django.db import connection
from django.db.models import Max

from crowdalogue.models import Handle, Message, Reading
from crowdalogue.models.bulk import chunks
from crowdalogue.text import index, vocabulary
from crowdalogue.text.matching import Heard, Matcher
from crowdalogue.text.query import Term, words_of
from crowdalogue.text.watching import Clue, WatchQuery, clue, slips

REMEMBERED = 500  # words whose spellings are kept
SCANNED = 4  # messages looked at one by one for each candidate the index would have named
_SEEN = ("message", "overheard")


def lookup(query: WatchQuery, before: int, marks: Sequence[tuple[str, ...]] = ()) -> index.Lookup:
    """What the word index can say of a query about messages under `before`: at least what it finds. A group with a
    misspelling that no index can list is left out, and so is `none`, whose hashtags and names the index does not
    tell from words."""
    wanted = [terms for group in query.wanted if (terms := _terms(group, before))]
    kinds = [tuple(f"k{kind}" for kind in query.kinds)] if query.kinds else []
    return index.Lookup(tuple(wanted), (), (("din",), *kinds, *marks))


def _terms(group: Iterable[str], before: int) -> tuple[Term, ...]:
    """The index's words for a group of clues; empty where one of them cannot be looked up."""
    found: list[Term] = []
    for one in map(clue, group):
        term = one.term()
        if term is None:
            misspelt = _misspelt(one, before)
            if misspelt is None:
                return ()
            found += misspelt
            continue
        found.append(term)
        if joined := one.joined():
            found.append(Term(joined, (joined,), prefix=term.prefix))
    return tuple(found)


def _misspelt(one: Clue, before: int) -> list[Term] | None:
    """Every way in which the words of a clue are written in the messages; None where they are too many, or not to
    be listed."""
    rows = [words_of(" ".join(one.words)), *([(one.joined(),)] if one.joined() else [])]
    found: list[Term] = []
    for row in rows:
        ways = [_spellings(word, before) if slips(word) else [word] for word in row]
        if any(way is None for way in ways) or prod(len(way or ()) for way in ways) > vocabulary.MOST:
            return None
        found += [Term(" ".join(words), words) for words in product(*(way or () for way in ways))]
    return found


_known: dict[tuple[object, str], tuple[int, list[str] | None]] = {}  # word: the message it was asked up to, spellings


def _spellings(word: str, before: int) -> list[str] | None:
    """Asked anew where newer messages are looked at than when it was asked last."""
    key = (connection.settings_dict["NAME"], word)
    known = _known.get(key)
    if known is not None and known[0] >= before - 1:
        return known[1]
    newest = Message.objects.aggregate(n=Max("pk"))["n"] or 0
    if len(_known) >= REMEMBERED:
        _known.clear()
    found = vocabulary.spellings(word)
    _known[key] = (newest, found)
    return found


def candidates(query: WatchQuery, before: int, size: int, marks: Sequence[tuple[str, ...]] = ()) -> list[int]:
    """Ids of messages under `before` that may meet the query, newest first, at most `size`. All that may are among
    them; where the index cannot help (only misspellings), these are all there are, several times `size`."""
    asked = lookup(query, before, marks)
    return index.newest(asked, before, size if asked.wanted else size * SCANNED)


def step(query: WatchQuery, before: int, size: int) -> tuple[list[int], int]:
    """Messages under `before` that meet the query, and the id to go on from; 0 when there are no older ones."""
    asked = lookup(query, before)
    wanted = size if asked.wanted else size * SCANNED
    ids = index.newest(asked, before, wanted)
    found = heard(ids)
    matcher = Matcher({0: query})
    return [pk for pk, one in found.items() if matcher.match(one)], ids[-1] if len(ids) == wanted else 0


# --- messages as a watch sees them


@dataclass(frozen=True, slots=True)
class _Author:
    place: str = ""
    reach: int | None = None
    ours: bool = False


def heard(ids: Sequence[int]) -> dict[int, Heard]:
    """Messages by their ids, as a watch sees them, in order; what is no customer's word, or was taken back, or kept
    apart, is left out."""
    found: dict[int, Heard] = {}
    for part in chunks(ids):
        rows = Message.objects.filter(pk__in=part, direction=Message.Direction.IN, kind__in=_SEEN)
        rows = rows.filter(apart__isnull=True, deleted_at__isnull=True).defer("html", "quoted")
        told = dict(Reading.objects.filter(message__in=part).values_list("message_id", "language"))
        found.update(heard_of(list(rows), told))
    return {pk: found[pk] for pk in ids if pk in found}


def heard_of(rows: Sequence[Message], languages: Mapping[int, str]) -> dict[int, Heard]:
    """Rows of messages and the languages they were read to be in, as a watch sees them."""
    authors = _authors({row.handle_id for row in rows if row.handle_id is not None})
    made: dict[int, Heard] = {}
    for row in rows:
        who = authors.get(row.handle_id or 0, _Author())
        language = languages.get(row.pk, "")
        made[row.pk] = Heard(
            text=f"{row.subject}\n{row.text}" if row.subject else row.text,
            language="" if language == "und" else language,
            place=" ".join(filter(None, (word(row.extra.get("place")), who.place))),
            reach=who.reach,
            kind=row.channel,
            ours=who.ours,
        )
    return made


def _authors(ids: Iterable[int]) -> dict[int, _Author]:
    made: dict[int, _Author] = {}
    for part in chunks(sorted(ids)):
        for pk, ours, brand, facts, more in Handle.objects.filter(pk__in=part).values_list(
            "pk", "ours", "brand_id", "facts", "person__facts"
        ):
            made[pk] = _Author(
                place=word(facts.get("place")) or word((more or {}).get("place")),
                reach=number(facts.get("followers")),
                ours=ours or brand is not None,
            )
    return made


def word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
