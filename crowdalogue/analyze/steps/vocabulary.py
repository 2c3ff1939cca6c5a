"""What heads know of words: the number of each unit, its hashed features, and what a written form does to others."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze.steps import lexicon

# Raised whenever the features below change: heads trained before are refused.
FEATURES = 1
BUCKETS = 1 << 19
LONGEST_WORD = 24
# Beyond this many distinct units a vocabulary is left behind for a new one, so that memory stays bounded.
REMEMBERED = 200_000
# The states of a form, and what stands before its name in each.
_MARKS = ("", ">", "¬", ">¬", "^")
STATES, BEGINS = len(_MARKS), 4

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LONG_DRAWN = re.compile(r"(\w)\1{2,}")
_STOPS = frozenset(".,;!?")
_FELT = ("praised", "good", "bad", "awful", "smile", "frown")
_FIRSTS = {word: i + 1 for i, word in enumerate(dict.fromkeys(first for first, _ in lexicon.PHRASES))}
_SECONDS = {word: i + 1 for i, word in enumerate(dict.fromkeys(second for _, second in lexicon.PHRASES))}
_GROUPS = tuple(dict.fromkeys(lexicon.PHRASES.values()))


def _phrase_table() -> Ints:
    """The number of the group of each phrase, (first words, second words); -1 where there is none."""
    table = np.full((len(_FIRSTS) + 1, len(_SECONDS) + 1), -1, dtype=np.int64)
    for (first, second), group in lexicon.PHRASES.items():
        table[_FIRSTS[first], _SECONDS[second]] = _GROUPS.index(group)
    return table


_PHRASES = _phrase_table()


class Column:
    """Numbers that are added at the end, as one array."""

    def __init__(self, kind: Any, width: int = 1) -> None:
        self._room: NDArray[Any] = np.zeros((256, width), dtype=kind)
        self.length = 0

    def add(self, rows: NDArray[Any]) -> None:
        """Add rows, (n, width) or (n,)."""
        end = self.length + len(rows)
        if end > len(self._room):
            room = np.zeros((2 * end, self._room.shape[1]), dtype=self._room.dtype)
            room[: self.length] = self._room[: self.length]
            self._room = room
        self._room[self.length : end] = rows.reshape(len(rows), self._room.shape[1])
        self.length = end

    def array(self) -> NDArray[Any]:
        """All rows so far, (n, width), or (n,) where they are one wide; what it shows of them may be changed."""
        rows = self._room[: self.length]
        return rows[:, 0] if rows.shape[1] == 1 else rows


class Vocabulary:
    """Numbers the forms and the units met so far, and keeps the features of each unit.

    A form is a piece of text as it was written; a unit is what it counts as, in its state. Safe to share between
    threads: what is added is added under a lock, and found only once it is whole.
    """

    # What a form is and does to its neighbours.
    WORD, NEGATES, TURNS, STOPS, SHOUTS = 1, 2, 4, 8, 16

    # What is said of texts as a whole, in the order of `cues`: by length, by how much is in capitals, and three signs.
    CUES = (
        *(f"#length{n}" for n in range(9)),
        *(f"#shouts{n}" for n in range(3)),
        "#asks",
        "#ends-asking",
        "#exclaims",
    )

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.text: list[tuple[int, ...]] = []
        self.cues: list[tuple[int, ...]] = []
        self._hashes, self._places = Column(np.uint64), Column(np.bool_)
        self._flat = {"text": (Column(np.int64), Column(np.int64)), "cues": (Column(np.int64), Column(np.int64))}
        self.asked: dict[str, Any] = {}  # what heads remember of the last units they asked for
        self._known: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {}
        self._forms: dict[str, int] = {}
        self._names: list[str] = []
        self._traits, self._firsts, self._seconds = Column(np.int64), Column(np.int64), Column(np.int64)
        self._codes = Column(np.int64, STATES)
        self._lock = threading.RLock()
        self.whole = np.array(self._numbered(list(self.CUES)), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.text)

    def full(self) -> bool:
        """Whether it has grown as large as it may."""
        return len(self.text) > REMEMBERED or len(self._names) > 2 * REMEMBERED

    # --- forms

    def forms_of(self, written: Sequence[str]) -> Ints:
        """The numbers of forms, new ones for those not met before."""
        known = self._forms
        try:
            return np.fromiter(map(known.__getitem__, written), dtype=np.int64, count=len(written))
        except KeyError:
            with self._lock:
                self._meet([form for form in dict.fromkeys(written) if form not in known])
            return np.fromiter(map(known.__getitem__, written), dtype=np.int64, count=len(written))

    def _meet(self, written: list[str]) -> None:
        names, traits = zip(*map(_read, written), strict=True) if written else ((), ())
        first = len(self._names)
        self._names.extend(names)
        self._traits.add(np.array(traits, dtype=np.int64))
        word = [t & self.WORD for t in traits]
        self._firsts.add(np.array([_FIRSTS.get(n, 0) if w else 0 for n, w in zip(names, word, strict=True)]))
        self._seconds.add(np.array([_SECONDS.get(n, 0) if w else 0 for n, w in zip(names, word, strict=True)]))
        self._codes.add(np.full((len(written), STATES), -1, dtype=np.int64))
        # Last, so that a thread that finds the number finds everything else, too.
        self._forms.update(zip(written, range(first, first + len(written)), strict=True))

    def traits(self) -> Ints:
        """What each form is and does, as bits."""
        return self._traits.array()

    def units_of(self, codes: Ints) -> Ints:
        """The units of forms in a state: `STATES` times the form, and its state.

        The state is two under a negation, one more after a turn, or `BEGINS`: the word that a text begins with.
        """
        ids: Ints = self._codes.array().reshape(-1)[codes]
        missing = ids < 0
        if missing.any():
            with self._lock:
                fresh = np.unique(codes[missing])
                self._codes.array().reshape(-1)[fresh] = self._numbered([self._named(c) for c in fresh.tolist()])
                ids = self._codes.array().reshape(-1)[codes]
        return ids

    def _named(self, code: int) -> str:
        form, state = divmod(code, STATES)
        return _MARKS[state] + self._names[form]

    def phrases_of(self, before: Ints, forms: Ints) -> tuple[Ints, Ints]:
        """Of words that stand before others: the units of the phrases they make, and at which places they make one."""
        group = _PHRASES[self._firsts.array()[before], self._seconds.array()[forms]]
        hit = np.flatnonzero(group >= 0)
        units = [self.number(f"#={_GROUPS[number]}") for number in group[hit].tolist()]
        return np.array(units, dtype=np.int64), hit

    # --- units

    def number(self, unit: str) -> int:
        """The number of a unit, a new one if it was not met before."""
        known = self.numbers.get(unit)
        return self._numbered([unit])[0] if known is None else known

    def _numbered(self, units: list[str]) -> list[int]:
        with self._lock:
            fresh = [unit for unit in dict.fromkeys(units) if unit not in self.numbers]
            if fresh:
                self._add(fresh)
            return [self.numbers[unit] for unit in units]

    def _add(self, units: list[str]) -> None:
        words = [unit.lstrip(">").removeprefix("¬") for unit in units if unit[0] not in "#^"]
        self._learn([word for word in dict.fromkeys(words) if word not in self._known])
        first = len(self.text)
        features = [self._features(unit) for unit in units]
        for kind, column in (("text", 0), ("cues", 1)):
            each = [f[column] for f in features]
            buckets, counts = self._flat[kind]
            buckets.add(np.array([b for one in each for b in one], dtype=np.int64))
            counts.add(np.array([len(one) for one in each], dtype=np.int64))
        self._hashes.add(np.array([crc32(u.lstrip(">¬").encode("utf-8", "replace")) for u in units], dtype=np.uint64))
        self._places.add(np.array([not unit.startswith("#") for unit in units], dtype=np.bool_))
        self.cues.extend(f[1] for f in features)
        self.text.extend(f[0] for f in features)
        self.numbers.update(zip(units, range(first, first + len(units)), strict=True))

    def _learn(self, words: list[str]) -> None:
        """The letter groups of words, and the groups of our lists that they are in."""
        letters = _letters([word for word in words if word[0].isalpha()])
        for word in words:
            self._known[word] = letters.get(word, ()), lexicon.groups(word)

    def _features(self, unit: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The hashed features of a unit: (text block, cue block)."""
        if unit.startswith("#"):
            return (), (_bucket(unit.removeprefix("#")),)
        if unit.startswith("^"):
            return (_bucket(unit),), tuple(_cue(f"^{g}") for g in lexicon.groups(unit[1:]))
        after, unit = unit.startswith(">"), unit.removeprefix(">")
        negated, word = unit.startswith("¬"), unit.removeprefix("¬")
        letters, groups = self._known[word]
        text = (_bucket(word), _bucket("¬" + word), *letters) if negated else (_bucket(word), *letters)
        mark = "¬" if negated else ""
        cues = [_cue(f"={mark}{group}") for group in groups]
        if after:
            cues += [_cue(f">{mark}{group}") for group in groups if group in _FELT]
        return text, tuple(cues)

    def arrays(self) -> tuple[NDArray[np.uint64], Bools]:
        """The hash of every unit so far, and whether it has a place in a text."""
        with self._lock:
            return self._hashes.array(), self._places.array()

    def features(self, kind: str, start: int, stop: int) -> tuple[Ints, Ints]:
        """The buckets of the units from `start` to `stop`, one after the other, and how many each of them has.

        `kind` is `text` or `cues`.
        """
        with self._lock:
            buckets, counts = (column.array() for column in self._flat[kind])
        before, within = int(counts[:start].sum()), counts[start:stop]
        return buckets[before : before + int(within.sum())], within


def _read(form: str) -> tuple[str, int]:
    """What a form is called, and its traits."""
    if not form[0].isalpha() or form.startswith(("http", "www.")):
        return _sign(form, form[0]), Vocabulary.STOPS if form in _STOPS else 0
    word = form.lower().replace("’", "'")[:LONGEST_WORD]
    if _LONG_DRAWN.search(word):
        word = _LONG_DRAWN.sub(r"\1\1", word)
    traits = Vocabulary.WORD
    if lexicon.negates(word):
        traits |= Vocabulary.NEGATES
    elif lexicon.turns(word):
        traits |= Vocabulary.TURNS
    if len(form) > 2 and form.isupper():
        traits |= Vocabulary.SHOUTS
    return word, traits


def _sign(form: str, first: str) -> str:
    """One unit for all links, all names, all numbers of a length, all runs of marks."""
    if first == "@":
        return "§name"
    if first.isdigit():
        return f"§number{min(len(form), 6)}"
    if first in "!?":
        return form[:1] if len(form) == 1 else ("§?!" if "?" in form and "!" in form else first * 2)
    if form.startswith(("http", "www.")):
        return "§link"
    if first in "#^>¬":
        return "§" + first
    return form[:2] if first == "." else form


# --- hashes


def _bucket(feature: str) -> int:
    return crc32(feature.encode("utf-8", "replace")) & (BUCKETS - 1)


@lru_cache(maxsize=1024)
def _cue(feature: str) -> int:
    """The bucket of a group of our lists: there are few of them."""
    return _bucket(feature)


def _crc_table() -> NDArray[np.uint32]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> np.uint32(1)) ^ np.uint32(0xEDB88320), table >> np.uint32(1))
    return table.astype(np.uint32)


_CRC = _crc_table()
_SIZES = (3, 4, 5)


def _letters(words: list[str]) -> dict[str, tuple[int, ...]]:
    """Groups of three to five letters, with marks for the word's ends: what misspellings and endings leave whole.

    The hashes of all words' groups are worked out together, where a letter is a byte.
    """
    result = {word: _letters_of(word) for word in words if not word.isascii()}
    plain = [word for word in words if word.isascii()]
    data = np.frombuffer("".join(f"<{word}>" for word in plain).encode() + b"\0" * 4, dtype=np.uint8)
    state = np.full(max(len(data) - 4, 0), crc32(b"~") ^ 0xFFFFFFFF, dtype=np.uint32)
    hashed: list[list[int]] = []
    for i in range(_SIZES[-1]):
        state = _CRC[(state ^ data[i : i + len(state)]) & np.uint32(255)] ^ (state >> np.uint32(8))
        if i + 1 in _SIZES:
            hashed.append(((state ^ np.uint32(0xFFFFFFFF)) & np.uint32(BUCKETS - 1)).tolist())
    at = 0
    for word in plain:
        length = len(word) + 2
        groups: list[int] = []
        for size, buckets in zip(_SIZES, hashed, strict=True):
            if size < length:
                groups += buckets[at : at + length - size + 1]
        result[word] = tuple(groups)
        at += length
    return result


def _letters_of(word: str) -> tuple[int, ...]:
    marked = f"<{word}>"
    return tuple(
        _bucket("~" + marked[i : i + size])
        for size in _SIZES
        for i in range(len(marked) - size + 1)
        if size < len(marked)
    )
