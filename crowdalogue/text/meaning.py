"""The index of meanings: of every embedded message one sign bit a dimension, kept in a file, scanned whole.

384 bits a message are 48 bytes: a million messages are 54 MB with their ids, and comparing a question with all of
them takes tens of milliseconds, exactly, without building anything. The few hundred nearest by bits are then ranked
by their whole vectors, which the store has (random-hyperplane hashing: Charikar 2002; ranking again from the whole
vectors: Jegou et al. 2011). What the bits lose is measured in `benchmarks/bench_meaning.py`.

The file is written by whoever reads messages: records are added at its end, in one write. A record may be there
twice, and one of a message that is gone stays until `mend`; both are harmless, as rows decide. `mend` puts right
what a kill between the store and the file left.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from crowdalogue.models import Embedding
from crowdalogue.models.bulk import chunks
from crowdalogue.text import encoder
from crowdalogue.text.encoder import Floats

WORDS = encoder.WIDTH // 64  # 64-bit words of one code
RECORD = np.dtype([("id", "<i8"), ("code", "<u8", (WORDS,))])
AT_ONCE = 1 << 14  # records compared in one go
_lock = threading.Lock()

Codes = NDArray[np.uint64]
Ids = NDArray[np.int64]


def path() -> Path:
    """The file of the present encoder; another encoder's codes mean something else."""
    return encoder.home() / "meaning" / f"{encoder.NAME}-b{encoder.BUILD}.codes"


def code(vectors: Floats) -> Codes:
    """Sign bits of vectors (n, 384) as (n, 6) words."""
    bits = np.packbits(np.asarray(vectors) > 0, axis=1, bitorder="little")
    return np.ascontiguousarray(bits).view("<u8")


def remember(ids: Sequence[int], vectors: Sequence[Floats | None]) -> int:
    """Add messages to the index. Call after their embeddings are committed. Returns how many."""
    known = [(pk, vector) for pk, vector in zip(ids, vectors, strict=True) if vector is not None]
    if known:
        write(np.array([pk for pk, _ in known]), code(np.stack([vector for _, vector in known])))
    return len(known)


def write(ids: Ids, codes: Codes, target: Path | None = None) -> None:
    records = np.empty(len(ids), RECORD)
    records["id"], records["code"] = ids, codes
    file = target or path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with _lock, file.open("ab", buffering=0) as stream:
        stream.write(records.tobytes())


def read() -> NDArray[np.void]:
    """Every record, mapped and not read. A record cut off by a full disk is left out."""
    file = path()
    count = file.stat().st_size // RECORD.itemsize if file.exists() else 0
    if not count:
        return np.empty(0, RECORD)
    return np.memmap(file, RECORD, "r", shape=(count,))


def nearest(vector: Floats, count: int) -> list[int]:
    """Ids of the messages whose codes differ least from this vector's, the most alike first; at most `count`."""
    records, wanted = read(), code(vector[None, :])[0]
    if not len(records):
        return []
    flat = records.view("<u8").reshape(len(records), 1 + WORDS)
    far = np.zeros(len(records), np.uint16)
    for start in range(0, len(far), AT_ONCE):  # a block stays in the processor's cache for its six words
        part, sums = flat[start : start + AT_ONCE], far[start : start + AT_ONCE]
        for word in range(WORDS):
            sums += np.bitwise_count(part[:, 1 + word] ^ wanted[word])
    # Twice as many as asked for, as some may be there twice.
    limit = np.searchsorted(np.bincount(far).cumsum(), 2 * count)
    some = np.flatnonzero(far <= limit)
    ordered = some[np.lexsort((-some, far[some]))]
    return list(dict.fromkeys(records["id"][ordered].tolist()))[:count]


def rank(vector: Floats, ids: Iterable[int]) -> dict[int, float]:
    """Cosine of each of these messages with the vector, by the vectors in the store; those without one are left out."""
    found: dict[int, float] = {}
    for part in chunks(list(ids)):
        rows = list(ours().filter(pk__in=part).values_list("pk", "vector"))
        if rows:
            whole = np.frombuffer(b"".join(bytes(kept) for _, kept in rows), "<f2").reshape(len(rows), -1)
            found.update(zip((pk for pk, _ in rows), (whole.astype(np.float32) @ vector).tolist(), strict=True))
    return found


def ours() -> QuerySet[Embedding]:
    """Embeddings by the present encoder."""
    return Embedding.objects.filter(version__endswith=f"{encoder.NAME}-b{encoder.BUILD}").order_by()


def due(now: datetime, every: timedelta) -> bool:
    """Whether the file was not put in step with all of the store within `every`, or was deleted since."""
    try:
        late = now.timestamp() - mark().stat().st_mtime >= every.total_seconds()
        return late or len(read()) < int(mark().read_text())
    except (FileNotFoundError, ValueError):
        return True


def mark() -> Path:
    """A file that says, by its time, when all of the index was put in step, and how many records it had then."""
    return path().with_suffix(".mended")


def mend(newest: int | None = None) -> tuple[int, int]:
    """Put the file in step with the store: (messages added, records dropped); with `newest`, add what is missing of
    the newest only. Safe beside `remember`, which may add a message a second time."""
    if newest is not None:
        return add(ours().order_by("-pk")[:newest])[0], 0
    missing, stored, held = add(ours())
    gone = len(held) - len(np.intersect1d(held, stored))
    much = gone > max(1000, len(held) // 10)  # a few cost nothing
    if much:
        compact(stored)
    mark().parent.mkdir(parents=True, exist_ok=True)
    mark().write_text(str(len(read())))
    return missing, gone if much else 0


def add(rows: QuerySet[Embedding]) -> tuple[int, Ids, Ids]:
    """Bring in those that the file does not hold: how many, and the ids of all the rows and of all records before."""
    stored = np.fromiter(rows.values_list("pk", flat=True).iterator(), np.int64)
    records = read()
    held = np.array(records["id"])
    missing = np.setdiff1d(stored, held)
    for part in chunks(missing.tolist()):
        kept = list(ours().filter(pk__in=part).values_list("pk", "vector"))
        whole = np.frombuffer(b"".join(bytes(vector) for _, vector in kept), "<f2").reshape(-1, encoder.WIDTH)
        write(np.array([pk for pk, _ in kept], np.int64), code(whole.astype(np.float32)))
    return len(missing), stored, held


def compact(stored: Ids) -> None:
    """Write the file anew without what is gone or there twice; the next `mend` brings what is added meanwhile."""
    records = read()
    _, first = np.unique(records["id"][::-1], return_index=True)
    newest = len(records) - 1 - first
    kept = newest[np.isin(records["id"][newest], stored)]
    target = path().with_suffix(f".{os.getpid()}.new")
    target.unlink(missing_ok=True)
    write(np.array(records["id"][kept]), np.array(records["code"][kept]), target)
    target.replace(path())
