"""Names found in texts, whatever their case, accents and plurals, and with one slip of the pen.

A catalogue is built once (a company's products, its stores, the world's towns) and asked many times. The longest name
wins. Names are kept as sequences of words in one dictionary; slips are found by symmetric deletion: every word of the
catalogue stands under a hash of itself with each letter left out, as two sorted arrays, so that 100,000 products stay
small. That finds a letter too many, too few, wrong or swapped with its neighbour, and nothing beyond.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

LONGEST_NAME = 8  # words
SHORTEST_SLIP = 5  # letters: in a shorter word a slip makes another word
ALONE_SLIP = 6  # letters of a name of one word
# In a catalogue of at most so many, a part of a name that only one of them has stands for it ("my kettle").
SMALL = 300
PART = 0.75  # how sure such a part is
REMEMBERED = 200_000  # words whose slips are remembered

TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SUFFIXES = (("sses", 2), ("ches", 2), ("shes", 2), ("xes", 2), ("zes", 2))
_keys: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something with a name: an id, other names, and codes (article numbers) that are matched as they are."""

    id: str
    name: str
    synonyms: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class Match(NamedTuple):
    """The words from `start` to `end` of a text's tokens name one of `entries` (several: it cannot be told which)."""

    start: int
    end: int
    entries: tuple[int, ...]
    sure: float


def key(token: str) -> str:
    """One form of a word for all its cases, accents and plurals; the same for a name and for what people write."""
    known = _keys.get(token)
    if known is None:
        if len(_keys) > REMEMBERED:
            _keys.clear()
        known = _keys[token] = _singular(plain(token))
    return known


def plain(text: str) -> str:
    """Lower case without accents."""
    text = text.casefold()
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text


def _singular(word: str) -> str:
    if word.endswith(("'s", "’s")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        if word.endswith("ies") and len(word) > 4:
            return word[:-3] + "y"
        return next((word[:-n] for ending, n in _SUFFIXES if word.endswith(ending)), word[:-1])
    return word


class Catalogue:
    """Entries, and how to find them. Building is linear in the number of words; it is not changed afterwards."""

    def __init__(self, entries: Iterable[Entry], *, slips: bool = True, parts: bool = True) -> None:
        """With `slips`, misspelt names are found too; with `parts`, parts of names where there are few entries."""
        self.entries = tuple(entries)
        self._names: dict[str, tuple[int, ...]] = {}
        self._longest: dict[str, int] = {}  # first word -> most words of a name that begins with it
        self._glued: dict[str, tuple[int, ...]] = {}  # names of several words written as one, and codes
        self._codes: dict[str, tuple[int, ...]] = {}
        self._parts: dict[str, int] = {}  # what stands for one entry alone
        self._proper: dict[str, int] = {}  # the same, if written with a capital
        for number, entry in enumerate(self.entries):
            for name in (entry.name, *entry.synonyms):
                self._add(number, name)
            for code in entry.codes:
                _put(self._codes, "".join(TOKEN.findall(plain(code))), number)
        if parts and len(self.entries) <= SMALL:
            self._add_parts()
        self._words = {word for name in self._names for word in name.split(" ")}
        self._slips = _Slips(self._words if slips else ())
        self._mended: dict[str, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: str) -> bool:
        """Whether this is the name, a synonym or a code of an entry."""
        keys = [key(token) for token in TOKEN.findall(name)]
        return " ".join(keys) in self._names or "".join(keys) in self._codes or "".join(keys) in self._glued

    def knows(self, word: str) -> bool:
        """Whether a word stands in any name here, so that it says nothing new."""
        return key(word) in self._words

    def _add(self, number: int, name: str) -> None:
        keys = [key(token) for token in TOKEN.findall(name)][:LONGEST_NAME]
        if not keys:
            return
        _put(self._names, " ".join(keys), number)
        self._longest[keys[0]] = max(self._longest.get(keys[0], 0), len(keys))
        if len(keys) > 1 and len(glued := "".join(keys)) >= 7:
            _put(self._glued, glued, number)

    def _add_parts(self) -> None:
        firsts: dict[str, set[int]] = {}
        rests: dict[str, set[int]] = {}
        for number, entry in enumerate(self.entries):
            keys = [key(token) for token in TOKEN.findall(entry.name)][:LONGEST_NAME]
            if len(keys) > 1:
                firsts.setdefault(keys[0], set()).add(number)
                rests.setdefault(" ".join(keys[1:]), set()).add(number)
        for part, numbers in rests.items():
            if len(numbers) == 1 and part not in self._names and len(part) > 2 and not part.isdigit():
                self._parts[part] = next(iter(numbers))
                first, *more = part.split(" ")
                self._longest[first] = max(self._longest.get(first, 0), 1 + len(more))
        for part, numbers in firsts.items():
            if len(numbers) == 1 and part not in self._names and len(part) > 2 and not part.isdigit():
                self._proper[part] = next(iter(numbers))

    def find(self, tokens: Sequence[str]) -> list[Match]:
        """What these words name, from left to right, each word in one match at most."""
        if not self.entries:
            return []
        keys = [_keys.get(token) or key(token) for token in tokens]
        found = self._exact(tokens, keys)
        if self._slips:
            taken = {i for m in found if m.sure > PART for i in range(m.start, m.end)}
            if slips := self._misspelt(tokens, keys, taken):
                # A whole name with a slip goes before the part of it that is written right.
                over = {i for m in slips for i in range(m.start, m.end)}
                found = sorted([m for m in found if over.isdisjoint(range(m.start, m.end))] + slips)
        return found

    def _exact(self, tokens: Sequence[str], keys: list[str]) -> list[Match]:
        found: list[Match] = []
        longest, at, n = self._longest, 0, len(keys)
        while at < n:
            match = None
            word = keys[at]
            if word in longest:
                match = self._longest_at(keys, at)
            if match is None and (word[-1:].isdigit() or word[:1].isdigit()) and self._codes:
                match = self._code_at(keys, at)
            if match is None and len(word) >= 7 and word in self._glued:
                match = Match(at, at + 1, self._glued[word], 0.95)
            if match is None and word in self._proper and at and tokens[at][0].isupper() and not tokens[at].isupper():
                match = Match(at, at + 1, (self._proper[word],), PART)
            if match is None:
                at += 1
            else:
                found.append(match)
                at = match.end
        return found

    def _longest_at(self, keys: list[str], at: int) -> Match | None:
        for size in range(min(self._longest[keys[at]], len(keys) - at), 0, -1):
            name = " ".join(keys[at : at + size])
            if (entries := self._names.get(name)) is not None:
                return Match(at, at + size, entries, 0.97 if size > 1 else 0.9)
            if (entry := self._parts.get(name)) is not None:
                return Match(at, at + size, (entry,), PART)
        return None

    def _code_at(self, keys: list[str], at: int) -> Match | None:
        """A code, also where it was written in pieces: KX-200, KX 200."""
        for start in (at - 2, at - 1, at):
            if start >= 0 and (entries := self._codes.get("".join(keys[start : at + 1]))) is not None:
                return Match(start, at + 1, entries, 0.97)
        return None

    def _misspelt(self, tokens: Sequence[str], keys: list[str], taken: set[int]) -> list[Match]:
        mended: dict[int, tuple[str, ...]] = {}
        for i, word in enumerate(keys):
            if len(word) < SHORTEST_SLIP or i in taken or word in self._words or not word.isalpha():
                continue
            options = self._mended.get(word)
            if options is None:
                options = self._remember(word, plain(tokens[i]))
            if options:
                mended[i] = options
        return self._with(keys, mended, taken) if mended else []

    def _remember(self, word: str, written: str) -> tuple[str, ...]:
        """What a word may be a slip of; as written too, for a wrong last letter may look like a plural."""
        if len(self._mended) > REMEMBERED:
            self._mended = {}
        options = self._slips.near(word)
        if not options and written != word:
            options = self._slips.near(written)
        self._mended[word] = options
        return options

    def _with(self, keys: list[str], mended: dict[int, tuple[str, ...]], taken: set[int]) -> list[Match]:
        """Names in which one word or more is mended: in company of a right one, or long and alone."""
        found: list[Match] = []
        done = set(taken)
        for i in sorted(mended):
            for start in range(max(0, i - LONGEST_NAME + 1), i + 1):
                match = None if i in done else self._mended_from(keys, mended, start, i, done)
                if match is not None:
                    found.append(match)
                    done.update(range(match.start, match.end))
        return found

    def _mended_from(
        self, keys: list[str], mended: dict[int, tuple[str, ...]], start: int, over: int, taken: set[int]
    ) -> Match | None:
        for first in mended.get(start, (keys[start],)):
            most = min(self._longest.get(first, 0), len(keys) - start)
            for size in range(most, over - start, -1):
                places = range(start, start + size)
                if any(i in taken for i in places):
                    continue
                words = [first, *(mended[i][0] if i in mended else keys[i] for i in places[1:])]
                entries = self._names.get(" ".join(words))
                if entries is None:
                    continue
                right = sum(i not in mended for i in places)
                if right:
                    return Match(start, start + size, entries, 0.9)
                if len(keys[start]) >= ALONE_SLIP and keys[start][0] == first[0] and size == 1:
                    return Match(start, start + size, entries, 0.7)
        return None


def _put(table: dict[str, tuple[int, ...]], name: str, number: int) -> None:
    known = table.get(name, ())
    if number not in known:
        table[name] = (*known, number)


class _Slips:
    """Words by the hashes of what is left of them when a letter is left out."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = sorted(w for w in words if len(w) >= SHORTEST_SLIP and w.isalpha())
        sizes = np.fromiter((len(w) + 1 for w in self.words), dtype=np.int64, count=len(self.words))
        hashes = np.fromiter((h for w in self.words for h in _left(w)), dtype=np.uint32, count=int(sizes.sum()))
        owners = np.repeat(np.arange(len(self.words), dtype=np.int32), sizes)
        order = np.argsort(hashes, kind="stable")
        self.hashes: NDArray[np.uint32] = hashes[order]
        self.owners: NDArray[np.int32] = owners[order]

    def __bool__(self) -> bool:
        return bool(self.words)

    def near(self, word: str) -> tuple[str, ...]:
        """The words that this one may be a slip of, in order of the alphabet."""
        wanted = np.array(_left(word[:40]), dtype=np.uint32)
        low = np.searchsorted(self.hashes, wanted, side="left")
        high = np.searchsorted(self.hashes, wanted, side="right")
        found = {int(o) for a, b in zip(low.tolist(), high.tolist(), strict=True) for o in self.owners[a:b]}
        return tuple(self.words[i] for i in sorted(found) if _one_slip(word, self.words[i]))


def _left(word: str) -> list[int]:
    data = word.encode("utf-8", "replace")
    return [crc32(data), *(crc32((word[:i] + word[i + 1 :]).encode("utf-8", "replace")) for i in range(len(word)))]


def _one_slip(one: str, other: str) -> bool:
    """Whether a letter too many, too few, wrong or swapped with its neighbour tells two words apart."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) == len(other):
        if one[at + 1 :] == other[at + 1 :]:
            return True
        return one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    short, long = sorted((one, other), key=len)
    return short[at:] == long[at + 1 :]
