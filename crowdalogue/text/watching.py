"""What a watch looks for, as plain data: read from a form, from JSON, or from a line that somebody typed.

A clue is what stands on one line of the form:

    refund          this word, also as #refund or @refund
    north pier      these words in this order, also written together: northpier, #NorthPier
    deliver*        words that begin so
    norvelle~       this word, also misspelled: one letter of five to eight, two of more, never the first
    #northpier      only as a hashtag
    @northpier      only as the name somebody is addressed by

The typed form of a whole query is in docs/watches.md: any:acme all:"late refund" -jobs near:"acme ~5 parcel|box".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crowdalogue.errors import Failure
from crowdalogue.text.query import LONGEST_TERM, SHORTEST_PREFIX, Term, fold, words_of

MOST_CLUES = 200  # in one list: all the spellings of a name and of its products
MOST_NEAR = 10
FARTHEST = 50  # words between two that are near each other
NEAR = 6  # where nobody said how near
LONGEST_TYPED = 20_000
BIGGEST_REACH = 2_000_000_000
ONE_SLIP, TWO_SLIPS = 5, 9  # letters from which on one, and two, may be wrong: of shorter words most are others

_CLUE = re.compile(r"([#@]?)(.*?)([*~]?)", re.DOTALL)
_SIGNS = re.compile(r'["|~*\x00]')  # those of the typed form, which mean nothing within a clue
_PART = re.compile(r'(-?)(?:([A-Za-z]+):)?(?:"([^"]*)"?([*~]?)|([^\s"]+))')
_NEAR = re.compile(r"(.+?)\s+~\s*(\d{1,3})\s+(.+)", re.DOTALL)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})?")
_KIND = re.compile(r"[a-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class Clue:
    """`words` are folded; a hashtag or name is one word with its sign before it. `how`: exact, prefix or slips."""

    text: str
    words: tuple[str, ...]
    how: str = "exact"

    @property
    def marked(self) -> bool:
        return self.words[0][0] in "#@"

    def term(self) -> Term | None:
        """The same for the word index, which may find more than the clue; None where an index cannot help."""
        if self.how == "slips":
            return None
        return Term(self.text.strip("*#@ "), words_of(self.text), prefix=self.how == "prefix")

    def joined(self) -> str:
        """Several words written as one, as hashtags and user names do; empty for one word."""
        return "".join(self.words) if len(self.words) > 1 else ""


@dataclass(frozen=True, slots=True)
class Near:
    """One of `one` and one of `other`, in either order, at most `within` words from each other."""

    one: tuple[str, ...]
    other: tuple[str, ...]
    within: int = NEAR


@dataclass(frozen=True, slots=True)
class WatchQuery:
    """One of `any`, each of `all`, every `near` and no `none`; empty lists ask for nothing. Clues are text.

    `languages` are codes as the reading step gives them, `place` words of where the author says to be, `reach` the
    least number of the author's followers, `kinds` channels. `ours`: also what our own accounts and those of other
    brands say. A message that does not say where, or how many followers, is not caught by a watch that asks.
    """

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()
    languages: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    reach: int = 0
    kinds: tuple[str, ...] = ()
    ours: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is no word to look for."""
        return not (self.any or self.all or self.near)

    @property
    def wanted(self) -> list[tuple[str, ...]]:
        """Groups of clues, of each of which one has to be there."""
        groups = [self.any] if self.any else []
        groups += [(one,) for one in self.all]
        for near in self.near:
            groups += [near.one, near.other]
        return groups


def clue(text: str) -> Clue:
    """Read one clue. Raises `Failure` where there is nothing to look for in it."""
    given = " ".join(text.split())
    if len(given) > LONGEST_TERM:
        raise Failure(f"“{given[:40]}…” is longer than {LONGEST_TERM} characters. Shorten it, or use several clues.")
    found = _CLUE.fullmatch(given)
    sign, body, ending = found.groups() if found else ("", given, "")
    body = " ".join(_SIGNS.sub(" ", body).split())
    if sign:
        body = _name(body) if sign == "@" else "".join(re.findall(r"\w+", _name(body)))
    words = words_of(body)
    if not words:
        raise Failure(f"“{given}” has no letter or digit to look for. Write a word.")
    if sign:
        words = (sign + body,)
    text = sign + body + ending
    how = {"*": "prefix", "~": "slips"}.get(ending, "exact")
    if how == "prefix" and len(words[-1].strip("#@")) < SHORTEST_PREFIX:
        raise Failure(f"“{text}” is too short: a beginning needs {SHORTEST_PREFIX} letters before the star.")
    if how == "slips" and all(len(word) < ONE_SLIP for word in words):
        raise Failure(f"“{text}” is too short: a word needs {ONE_SLIP} letters before misspellings are looked for.")
    return Clue(text, words, how)


def _name(body: str) -> str:
    """A hashtag's or account's name as it stands in a text: folded, without blanks."""
    return fold("".join(body.split())).strip(".-_@#")


def slips(word: str) -> int:
    """How many letters may be wrong."""
    return 0 if len(word) < ONE_SLIP else 1 if len(word) < TWO_SLIPS else 2


# --- from data, and back


def read(data: Mapping[str, Any]) -> WatchQuery:
    """A query from JSON or a form, checked. Raises `Failure` saying what is wrong with it and what to write."""
    unknown = sorted(set(data) - {*WatchQuery.__dataclass_fields__})
    if unknown:
        raise Failure(f"A query has no part called {unknown[0]}. It has: {', '.join(WatchQuery.__dataclass_fields__)}.")
    query = WatchQuery(
        any=_clues(data.get("any"), "any"),
        all=_clues(data.get("all"), "all"),
        none=_clues(data.get("none"), "none"),
        near=_nears(data.get("near")),
        languages=_codes(data.get("languages"), _LANGUAGE, "a language code such as en"),
        place=_clues(data.get("place"), "place"),
        reach=_reach(data.get("reach")),
        kinds=_codes(data.get("kinds"), _KIND, "the kind of a channel such as email"),
        ours=data.get("ours") is True,
    )
    if query.empty:
        raise Failure("There is no word to look for. Write at least one under any of, all of, or near.")
    return query


def plain(query: WatchQuery) -> dict[str, Any]:
    """As it is stored and as the API gives it: only what was said."""
    made: dict[str, Any] = {
        name: list(value)
        for name in ("any", "all", "none", "languages", "place", "kinds")
        if (value := getattr(query, name))
    }
    if query.near:
        made["near"] = [{"one": list(n.one), "other": list(n.other), "within": n.within} for n in query.near]
    if query.reach:
        made["reach"] = query.reach
    if query.ours:
        made["ours"] = True
    return made


def stored(data: Any) -> WatchQuery | None:
    """A query as it lies in the store; None where it cannot be read any more, so that one never stops the others."""
    try:
        return read(data if isinstance(data, Mapping) else {})
    except Failure:
        return None


def _clues(given: Any, name: str) -> tuple[str, ...]:
    if given in (None, ""):
        return ()
    values: Sequence[Any] = [given] if isinstance(given, str) else given
    if not isinstance(values, list | tuple) or not all(isinstance(v, str) for v in values):
        raise Failure(f"{name} must be a list of words.")
    kept = tuple(dict.fromkeys(clue(v).text for v in values if v.strip()))
    if len(kept) > MOST_CLUES:
        raise Failure(f"{name} holds {len(kept)} clues; {MOST_CLUES} is the most. Make a second watch of the rest.")
    return kept


def _nears(given: Any) -> tuple[Near, ...]:
    if given in (None, ""):
        return ()
    if not isinstance(given, list | tuple) or not all(isinstance(n, Mapping) for n in given):
        raise Failure("near must be a list of objects with one, other and within.")
    if len(given) > MOST_NEAR:
        raise Failure(f"There are {len(given)} pairs that must be near each other; {MOST_NEAR} is the most.")
    return tuple(_near(n) for n in given)


def _near(given: Mapping[str, Any]) -> Near:
    one, other = _clues(given.get("one"), "near"), _clues(given.get("other"), "near")
    if not one or not other:
        raise Failure("Near needs words on both sides. Fill in the other side, or leave both empty.")
    within = given.get("within", NEAR)
    if isinstance(within, bool) or not isinstance(within, int) or not 1 <= within <= FARTHEST:
        raise Failure(f"Near means within 1 to {FARTHEST} words. Give such a number.")
    return Near(one, other, within)


def _codes(given: Any, form: re.Pattern[str], what: str) -> tuple[str, ...]:
    if given in (None, ""):
        return ()
    values = [given] if isinstance(given, str) else given
    if not isinstance(values, list | tuple) or not all(isinstance(v, str) for v in values):
        raise Failure(f"Give a list of {what}.")
    codes = tuple(dict.fromkeys(v.strip().lower() for v in values if v.strip()))[:MOST_CLUES]
    if wrong := next((code for code in codes if not form.fullmatch(code)), None):
        raise Failure(f"“{wrong[:40]}” is not {what}.")
    return codes


def _reach(given: Any) -> int:
    if given in (None, ""):
        return 0
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= BIGGEST_REACH:
        raise Failure("The least number of followers must be a whole number, 0 or more.")
    return given


# --- as a line that somebody types


@dataclass(slots=True)
class _Typed:
    lists: dict[str, list[Any]] = field(default_factory=lambda: {n: [] for n in ("any", "all", "none", "near")})
    codes: dict[str, list[str]] = field(default_factory=lambda: {n: [] for n in ("languages", "place", "kinds")})
    reach: int = 0
    ours: bool = False


_SHORT = {"lang": "languages", "language": "languages", "place": "place", "channel": "kinds", "followers": "reach"}
FIELDS = ("any", "all", "none", "near", "lang", "place", "reach", "channel", "own")


def typed(line: str) -> WatchQuery:
    """Read a typed query. Words without a field are under `all`, with a minus under `none`. Raises `Failure`."""
    if len(line) > LONGEST_TYPED:
        raise Failure(f"The query is longer than {LONGEST_TYPED:,} characters. Make several watches of it.")
    got = _Typed()
    for minus, name, phrase, ending, bare in _PART.findall(line):
        value = (bare or phrase + ending).strip()
        if value:
            _take(got, name.lower(), value, bool(minus))
    return read({**got.lists, **got.codes, "reach": got.reach, "ours": got.ours})


def _take(got: _Typed, name: str, value: str, minus: bool) -> None:
    name = _SHORT.get(name, name)
    if not name and value.endswith(":") and value[:-1].lower() in FIELDS:
        raise Failure(f"{value} is followed by a blank. Write its word at once: {value}word.")
    if minus and name:
        raise Failure(f"A minus before {name}: is not understood. Write none: in its place.")
    if name in ("", "any", "all", "none"):
        got.lists["none" if minus else name or "all"].append(value)
    elif name == "near":
        got.lists["near"].append(_typed_near(value))
    elif name in got.codes:
        got.codes[name] += [value] if name == "place" else value.split(",")
    elif name == "reach":
        got.reach = int(value) if value.isascii() and value.isdecimal() else _reach(value)
    elif name == "own":
        got.ours = value.lower() in ("yes", "true", "1")
    else:
        raise Failure(f"{name}: is not a part of a query. There are: {', '.join(f'{f}:' for f in FIELDS)}.")


def _typed_near(value: str) -> dict[str, Any]:
    found = _NEAR.fullmatch(value)
    if not found:
        raise Failure('Write near with a number of words between both sides: near:"acme ~5 parcel|box".')
    return {"one": found[1].split("|"), "within": int(found[2]), "other": found[3].split("|")}


def say(query: WatchQuery) -> str:
    """The typed form; `typed` reads it back to the same query."""
    parts = [_one(name, text) for name in ("any", "all", "none") for text in getattr(query, name)]
    parts += [f'near:"{"|".join(n.one)} ~{n.within} {"|".join(n.other)}"' for n in query.near]
    if query.languages:
        parts.append(f"lang:{','.join(query.languages)}")
    parts += [_one("place", text) for text in query.place]
    if query.reach:
        parts.append(f"reach:{query.reach}")
    if query.kinds:
        parts.append(f"channel:{','.join(query.kinds)}")
    if query.ours:
        parts.append("own:yes")
    return " ".join(parts)


def _one(name: str, text: str) -> str:
    before = "" if name == "all" else "-" if name == "none" else f"{name}:"
    if re.fullmatch(r"[\w#@*~.]+", text):
        return before + text
    ending = text[-1] if text[-1] in "*~" else ""
    return f'{before}"{text.removesuffix(ending) if ending else text}"{ending}'


def terms(query: WatchQuery) -> tuple[str, ...]:
    """What a channel that can be searched is asked for, any of it; what it answers is matched with the whole query.

    One group that has to be met is enough, without stars and tildes, which other services do not know.
    """
    if query.any:
        group: Sequence[str] = query.any
    elif query.all:
        group = (max(query.all, key=len),)
    else:
        group = min(query.near[0].one, query.near[0].other, key=len)
    return tuple(dict.fromkeys(text.rstrip("*~").strip() for text in group))
