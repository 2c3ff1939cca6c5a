"""Many watches against many texts, quickly: from a word to the few watches it may concern, then each of these whole.

Every word of every clue is an atom. A word of a text is looked up once, in a table of exact words, of beginnings
and of words with letters left out (for misspellings), and what it led to is remembered, because texts repeat words.
A watch is looked at only where a word of one group that it needs is there: its anchor, the group whose words the
fewest other watches use.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crowdalogue.text.query import WORD, fold, words_of
from crowdalogue.text.watching import Clue, WatchQuery, clue, slips

REMEMBERED = 100_000  # words whose atoms are kept; then the table is begun anew
LONGEST_TEXT = 150_000  # characters looked at, as the word index does
LONGEST_SLIPPED = 24  # longer words are not looked up with letters left out
# A hashtag or a name somebody is addressed by, not the middle of an e-mail address or of a link.
MARKED = re.compile(r"(?<![\w#@/.])(?:#(\w+)|@(\w[\w.-]*)(@[\w.-]+)?)")

Span = tuple[int, int]
Ways = tuple[tuple[int, ...], ...]  # of a clue: rows of atoms, one of which has to stand in the text


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as a watch sees it. `place` and `language` are empty and `reach` is None where nobody knows."""

    text: str
    language: str = ""
    place: str = ""
    reach: int | None = None
    kind: str = ""  # of the channel
    ours: bool = False  # said by an account of ours, or of another brand


class Matcher:
    """Queries by their keys. `match` says which of them a message meets."""

    def __init__(self, queries: Mapping[int, WatchQuery]) -> None:
        self._atoms = _Atoms()
        self._plans = [_plan(key, query, self._atoms) for key, query in queries.items() if not query.empty]
        self._anchors = _anchors(self._plans)
        self._known: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._plans)

    def match(self, heard: Heard) -> list[int]:
        """Keys of the queries that this message meets, in the order they were given."""
        text, anchors, plans = self._read(heard.text), self._anchors, self._plans
        candidates = {plan for atom in text.present if atom in anchors for plan in anchors[atom]}
        found = [plans[i] for i in sorted(candidates)]
        return [p.key for p in found if p.accepts(heard) and p.wants(text) and p.spares(text)]

    def taken_away(self, heard: Heard) -> list[int]:
        """Keys of the queries that this message would meet, were it not for a clue under `none`."""
        text = self._read(heard.text)
        return [p.key for p in self._plans if p.accepts(heard) and not p.spares(text) and p.wants(text)]

    def spans(self, text: str) -> list[Span]:
        """Where the wanted clues stand in a text, as (start, end) of each word, in order."""
        text = text[:LONGEST_TEXT]
        offsets = [m.span() for m in WORD.finditer(text) for _ in WORD.findall(fold(m[0]))]
        read = self._read(text)
        wanted = {ways for plan in self._plans for group in plan.groups for ways in group}
        places = {n for ways in wanted for first, last in read.places(ways) for n in range(first, last + 1)}
        return list(dict.fromkeys(offsets[n] for n in sorted(places) if n < len(offsets)))

    def _read(self, text: str) -> _Text:
        folded = fold(text[:LONGEST_TEXT])
        words = WORD.findall(folded)
        marks = _marks(folded) if "#" in folded or "@" in folded else {}
        known = self._known
        present: dict[int, list[str]] = {}
        for word in {*words, *marks}:
            atoms = known.get(word)
            if atoms is None:
                atoms = self._remember(word)
            for atom in atoms:
                present.setdefault(atom, []).append(word)
        return _Text(words, marks, present)

    def _remember(self, word: str) -> tuple[int, ...]:
        if len(self._known) >= REMEMBERED:
            self._known = {}
        atoms = self._known[word] = self._atoms.met_by(word)
        return atoms


class _Atoms:
    """The words of all clues, numbered, and which of them a word of a text meets."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}
        self.exact: dict[str, int] = {}
        self.prefixes: dict[str, int] = {}
        self.lengths: set[int] = set()
        self.slipped: dict[str, list[tuple[str, int]]] = {}

    def ways(self, one: Clue) -> Ways:
        """The rows of atoms that meet a clue: its words in a row, or written as one word."""
        last = len(one.words) - 1
        row = tuple(
            self.number(word, one.how if place == last or one.how == "slips" else "exact")
            for place, word in enumerate(one.words)
        )
        return (row, (self.number(joined, one.how),)) if (joined := one.joined()) else (row,)

    def number(self, word: str, how: str) -> int:
        allowed = slips(word.lstrip("#@")) if how == "slips" else 0
        if how == "slips" and not allowed:
            how = "exact"
        known = self.numbers.get((word, how))
        if known is not None:
            return known
        atom = self.numbers[word, how] = len(self.numbers)
        if how == "exact":
            self.exact[word] = atom
        elif how == "prefix":
            self.prefixes[word] = atom
            self.lengths.add(len(word))
        else:
            for left in _left_out(word, allowed):
                self.slipped.setdefault(left, []).append((word, atom))
        return atom

    def met_by(self, word: str) -> tuple[int, ...]:
        found = {self.exact[word]} if word in self.exact else set()
        found.update(self.prefixes[word[:n]] for n in self.lengths if word[:n] in self.prefixes and n <= len(word))
        if self.slipped and len(word) <= LONGEST_SLIPPED:
            for left in _left_out(word, 2 if len(word) > 6 else 1):
                for meant, atom in self.slipped.get(left, ()):
                    if atom not in found and alike(word, meant):
                        found.add(atom)
        return tuple(found)


@dataclass(slots=True)
class _Text:
    """A text's words in order, its hashtags and names with the words they cover, and the words that meet each atom."""

    words: list[str]
    marks: dict[str, list[Span]]
    present: dict[int, list[str]]
    where: dict[str, list[int]] = field(default_factory=dict)  # made when a row of words is first looked for

    def has(self, ways: Ways) -> bool:
        present = self.present
        for row in ways:
            if row[0] in present and (
                len(row) == 1 or (all(a in present for a in row) and self._rows(row, first=True))
            ):
                return True
        return False

    def places(self, ways: Ways) -> list[Span]:
        """First and last word of every occurrence, in order."""
        found: set[Span] = set()
        for row in ways:
            if len(row) > 1:
                found.update(self._rows(row))
                continue
            for word in self.present.get(row[0], ()):
                found.update(self.marks.get(word) or [(n, n) for n in self._at(word)])
        return sorted(found)

    def _rows(self, row: Sequence[int], *, first: bool = False) -> list[Span]:
        """Where these atoms follow each other."""
        if not all(atom in self.present for atom in row):
            return []
        found: list[Span] = []
        for word in self.present[row[0]]:
            for place in self._at(word):
                following = self.words[place + 1 : place + len(row)]
                if len(following) == len(row) - 1 and all(
                    next_word in self.present[atom] for next_word, atom in zip(following, row[1:], strict=True)
                ):
                    found.append((place, place + len(row) - 1))
                    if first:
                        return found
        return found

    def _at(self, word: str) -> list[int]:
        if not self.where:
            for place, each in enumerate(self.words):
                self.where.setdefault(each, []).append(place)
        return self.where.get(word, [])


@dataclass(frozen=True, slots=True)
class _Plan:
    """One query, its clues as rows of atoms."""

    key: int
    groups: tuple[tuple[Ways, ...], ...]
    none: tuple[Ways, ...]
    near: tuple[tuple[tuple[Ways, ...], tuple[Ways, ...], int], ...]
    languages: frozenset[str]
    kinds: frozenset[str]
    place: tuple[Clue, ...]
    reach: int
    ours: bool

    def accepts(self, heard: Heard) -> bool:
        """What is asked of the author and the channel."""
        if (heard.ours and not self.ours) or (self.kinds and heard.kind not in self.kinds):
            return False
        if self.reach and (heard.reach is None or heard.reach < self.reach):
            return False
        if self.languages and not {heard.language, heard.language.split("-")[0]} & self.languages:
            return False
        return not self.place or _is_there(words_of(heard.place), self.place)

    def wants(self, text: _Text) -> bool:
        has = text.has
        return all(any(has(ways) for ways in group) for group in self.groups) and all(
            _near(text, *pair) for pair in self.near
        )

    def spares(self, text: _Text) -> bool:
        return not any(text.has(ways) for ways in self.none)


def _plan(key: int, query: WatchQuery, atoms: _Atoms) -> _Plan:
    def ways(texts: Iterable[str]) -> tuple[Ways, ...]:
        return tuple(atoms.ways(clue(text)) for text in texts)

    return _Plan(
        key=key,
        groups=tuple(ways(group) for group in query.wanted),
        none=ways(query.none),
        near=tuple((ways(n.one), ways(n.other), n.within) for n in query.near),
        languages=frozenset(query.languages),
        kinds=frozenset(query.kinds),
        place=tuple(clue(text) for text in query.place),
        reach=query.reach,
        ours=query.ours,
    )


def _anchors(plans: Sequence[_Plan]) -> dict[int, tuple[int, ...]]:
    """Atom to the plans that are looked at where it is met: for each plan one atom of every way of one group."""
    used = Counter(a for plan in plans for a in {a for g in plan.groups for ways in g for row in ways for a in row})
    lists: dict[int, list[int]] = defaultdict(list)
    for index, plan in enumerate(plans):
        choices = [{min(row, key=lambda a: used[a]) for ways in g for row in ways} for g in plan.groups]
        for atom in min(choices, key=lambda atoms: sum(used[a] for a in atoms)):
            lists[atom].append(index)
    return {atom: tuple(found) for atom, found in lists.items()}


def _marks(folded: str) -> dict[str, list[Span]]:
    """Hashtags and names in a folded text, with their sign, and the first and last word each covers."""
    starts = [m.start() for m in WORD.finditer(folded)]
    found: dict[str, list[Span]] = {}
    for mark in MARKED.finditer(folded):
        begin, end = mark.span(1) if mark[1] else mark.span(2)
        name = (mark[1] or mark[2]).strip(".-_")
        place = (bisect_left(starts, begin), bisect_left(starts, end) - 1)
        if not name or place[1] < place[0]:
            continue
        sign = mark[0][0]
        found.setdefault(sign + name, []).append(place)
        if mark[3] and (whole := (name + mark[3]).strip(".-_")):
            found.setdefault(sign + whole, []).append(place)
    return found


def _near(text: _Text, one: tuple[Ways, ...], other: tuple[Ways, ...], within: int) -> bool:
    """Whether an occurrence of one side stands at most so many words before or after one of the other."""
    ones = sorted({place for ways in one for place in text.places(ways)})
    others = sorted({place for ways in other for place in text.places(ways)})
    return _follows(ones, others, within) or _follows(others, ones, within)


def _follows(before: list[Span], after: list[Span], within: int) -> bool:
    starts = [first for first, _ in after]
    for _, last in before:
        at = bisect_right(starts, last)
        if at < len(starts) and starts[at] <= last + within:
            return True
    return False


def _is_there(place: Sequence[str], clues: Iterable[Clue]) -> bool:
    """Whether one of the clues stands in what the author says of where they are."""
    for one in clues:
        words, count = one.words, len(one.words)
        for start in range(len(place) - count + 1):
            *front, last = place[start : start + count]
            ending = last.startswith(words[-1]) if one.how == "prefix" else last == words[-1]
            if ending and front == list(words[:-1]):
                return True
    return False


def alike(word: str, meant: str) -> bool:
    """Whether a word may be the misspelt `meant`: letters wrong, missing, too many or swapped, not more than allowed.
    The first letter is hardly ever wrong, and with another one most words are other words. A hashtag is no word."""
    sign = 1 if meant[0] in "#@" else 0
    if word[: sign + 1] != meant[: sign + 1]:
        return False
    allowed = slips(meant.lstrip("#@"))
    return abs(len(word) - len(meant)) <= allowed and _distance(word, meant) <= allowed


def _distance(a: str, b: str) -> int:
    """Letters to change, add, drop or swap with their neighbour to make b of a (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        two_before, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _left_out(word: str, count: int) -> set[str]:
    """The word with up to `count` letters left out, in every way."""
    found = newest = {word}
    for _ in range(count):
        newest = {left[:n] + left[n + 1 :] for left in newest for n in range(len(left))}
        found = found | newest
    return found
