"""Which messages are copies of each other: reposts, and copies with small edits.

Each text is folded (case, spacing, punctuation, links and names go) and cut into overlapping pieces of
characters; two texts are copies when most of their pieces are the same. MinHash finds the candidates: texts that
share one of a few 64-bit keys. Within a batch `run` groups them; across batches the store keeps the keys
(`Document.signature`), looks them up, and asks `copies` about each candidate. Short texts are never grouped:
a hundred people who write "thank you" have copied nobody.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze.document import Document, Finding, Step
from crowdalogue.text.normalise import folded

VERSION = "2"
PIECE = 5
# Shorter folded texts (bytes) are answers everybody gives.
SHORTEST = 24
# Two texts are copies from this similarity on: in a short text, where people hit upon the same words by chance,
# nearly everything has to be the same. Measured in docs/models/duplicate.md.
ALIKE_SHORT, ALIKE_LONG = 0.72, 0.57
LONG = 80
LONGEST = 2000
BANDS, ROWS = 12, 3

Hashes = NDArray[np.uint32]
Pieces = frozenset[int]


def run(documents: list[Document]) -> None:
    """Set `signature` (12 signed 64-bit keys, none for a short text) and find `duplicate`, the key of a group.

    The group is named after its first member in the batch: `extra["of"]` is that document's id, `value` how
    similar the two are, `extra["size"]` how many of the batch are in the group.
    """
    texts = [_bytes(d.whole) for d in documents]
    for document in documents:
        document.signature = ()
    long_enough = [i for i, text in enumerate(texts) if len(text) >= SHORTEST]
    first = [(i, 1.0) for i in range(len(documents))]
    if long_enough:
        hashes, starts = _runs([texts[i] for i in long_enough])
        keys = _keys(hashes, starts)
        for i, each in zip(long_enough, keys.tolist(), strict=True):
            documents[i].signature = tuple(each)
        # Most texts share no key with another, so they are copies of none and none of them.
        ends = [*starts[1:].tolist(), len(hashes)]
        near = {
            long_enough[at]: hashes[starts[at] : ends[at]]
            for at in np.flatnonzero(_met_twice(keys).any(axis=1)).tolist()
        }
        for i, found in _grouped(documents, near).items():
            first[i] = found
    sizes = np.bincount([leader for leader, _ in first], minlength=len(documents))
    for i, (leader, alike) in enumerate(first):
        extra = {"of": documents[leader].id, "size": int(sizes[leader])}
        key = _name(texts[leader], documents[leader].id)
        documents[i].findings["duplicate"] = Finding(key, 1.0, version=VERSION, value=round(alike, 4), extra=extra)


def similarity(one: str, other: str) -> float:
    """How much two texts share, 0 to 1 (Jaccard of their pieces); 0 when one of them is short."""
    a, b = _bytes(one), _bytes(other)
    if min(len(a), len(b)) < SHORTEST:
        return 0.0
    return _alike(_pieces(a), _pieces(b))


def copies(one: str, other: str) -> bool:
    """Whether two texts are copies of each other; what the store asks about texts that share a key."""
    a, b = _bytes(one), _bytes(other)
    if min(len(a), len(b)) < SHORTEST:
        return False
    first, second = _pieces(a), _pieces(b)
    return _alike(first, second) >= _threshold(min(len(first), len(second)))


def _bytes(text: str) -> bytes:
    return folded(text[: 2 * LONGEST]).encode("utf-8", "replace")[:LONGEST]


def _hashes(text: bytes) -> Hashes:
    """A 32-bit hash of each run of `PIECE` bytes, by where it begins."""
    data = np.frombuffer(text, dtype=np.uint8).astype(np.uint32)
    hashes = np.zeros(len(data) - PIECE + 1, dtype=np.uint32)
    for i in range(PIECE):
        hashes *= np.uint32(0x01000193)
        hashes ^= data[i : len(data) - PIECE + 1 + i]
    hashes ^= hashes >> np.uint32(15)
    hashes *= np.uint32(0x2C1B3C6D)
    hashes ^= hashes >> np.uint32(12)
    return hashes


def _pieces(text: bytes) -> Pieces:
    """The hashes of a text's pieces, each once. For some hundred numbers a set is quicker than an array."""
    return frozenset(_hashes(text).tolist())


def _alike(one: Pieces, other: Pieces) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def _threshold(length: int) -> float:
    """The similarity that copies of this length (in pieces) must have."""
    part = min(max((length - SHORTEST) / (LONG - SHORTEST), 0.0), 1.0)
    return ALIKE_SHORT + part * (ALIKE_LONG - ALIKE_SHORT)


_generator = np.random.default_rng(20130)
_MULTIPLY = (_generator.integers(1, 2**32, BANDS * ROWS, dtype=np.uint64) | 1).astype(np.uint32)
_ADD = _generator.integers(0, 2**32, BANDS * ROWS, dtype=np.uint64).astype(np.uint32)
_MIX = _generator.integers(1, 2**63, (BANDS, ROWS), dtype=np.uint64) | 1


def _runs(texts: list[bytes]) -> tuple[Hashes, NDArray[np.int64]]:
    """The hashes of all texts' runs, one text after the other, and where each text's begin."""
    hashes = _hashes(b"".join(texts))
    lengths = np.array([len(t) for t in texts], dtype=np.int64)
    ends = np.cumsum(lengths)
    # Runs that reach over from one text into the next belong to neither.
    within = np.ones(len(hashes), dtype=bool)
    for back in range(1, PIECE):
        within[ends[:-1] - back] = False
    return hashes[within], ends - lengths - (PIECE - 1) * np.arange(len(texts))


def _keys(joined: Hashes, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each text one key a band, (texts, BANDS): texts with similarity s share a key with chance 1-(1-s^3)^12."""
    least = np.empty((len(starts), BANDS * ROWS), dtype=np.uint64)
    for i in range(BANDS * ROWS):
        least[:, i] = np.minimum.reduceat(joined * _MULTIPLY[i] + _ADD[i], starts)
    keys = (least.reshape(len(starts), BANDS, ROWS) * _MIX).sum(axis=2, dtype=np.uint64)
    keys ^= keys >> np.uint64(29)
    keys += np.arange(BANDS, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    signed: NDArray[np.int64] = keys.view(np.int64)
    return signed


def _met_twice(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which keys stand in the batch more than once, (texts, BANDS)."""
    _, which, times = np.unique(keys, return_inverse=True, return_counts=True)
    met: NDArray[np.bool_] = (times[which] > 1).reshape(keys.shape)
    return met


def _grouped(documents: list[Document], hashes: dict[int, Hashes]) -> dict[int, tuple[int, float]]:
    """For each document that `hashes` holds (in order) the first of its group and the similarity to it.

    A text joins only a group whose first member it resembles, so that no chain of small edits joins strangers.
    """
    leaders: dict[int, list[int]] = {}
    pieces: dict[int, Pieces] = {}
    result: dict[int, tuple[int, float]] = {}
    for i in hashes:
        signature = documents[i].signature
        candidates = {leader for key in signature for leader in leaders.get(key, ())}
        best, leader = _nearest(hashes, pieces, i, candidates)
        if leader >= 0:
            result[i] = leader, best
            continue
        for key in signature:
            leaders.setdefault(key, []).append(i)
    return result


def _nearest(hashes: dict[int, Hashes], pieces: dict[int, Pieces], i: int, candidates: set[int]) -> tuple[float, int]:
    """The candidate that text i is a copy of, with their similarity; -1 where it is a copy of none.

    `pieces` keeps what was worked out, since most texts have no candidate and need none.
    """
    best, leader, needed = 0.0, -1, 1.0
    for each in (i, *candidates) if candidates else ():
        if each not in pieces:
            pieces[each] = frozenset(hashes[each].tolist())
    for candidate in sorted(candidates):
        mine, other = pieces[i], pieces[candidate]
        if min(len(mine), len(other)) < ALIKE_LONG * max(len(mine), len(other)):
            continue  # too different in length to be alike
        alike = _alike(mine, other)
        if alike > best:
            best, leader, needed = alike, candidate, _threshold(min(len(mine), len(other)))
    return (best, leader) if best >= needed else (best, -1)


def _name(text: bytes, id: str) -> str:
    """A group's key: of its first text, or of the document where the text is too short to be copied."""
    source = text if len(text) >= SHORTEST else b"\0" + id.encode("utf-8", "replace")
    return hashlib.blake2b(source, digest_size=8).hexdigest()


STEP = Step("duplicate", VERSION, run, gives=("duplicate", "signature"))
