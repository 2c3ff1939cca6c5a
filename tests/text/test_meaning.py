"""The file of sign bits: added to, asked, and put right after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from crowdalogue.models import Account, Embedding
from crowdalogue.text import encoder, meaning
from tests.text.said import Said

pytestmark = pytest.mark.django_db
VERSION = f"1-{encoder.NAME}-b{encoder.BUILD}"


@pytest.fixture(autouse=True)
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(meaning, "path", lambda: tmp_path / "meaning" / "a.codes")
    return


def vectors(count: int, seed: int = 1) -> encoder.Floats:
    drawn = np.random.default_rng(seed).normal(size=(count, encoder.WIDTH)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def keep(said: Said, drawn: encoder.Floats) -> list[int]:
    rows = said(*(f"text {n}" for n in range(len(drawn))))
    Embedding.objects.bulk_create(
        Embedding(message=m, vector=v.astype("<f2").tobytes(), version=VERSION)
        for m, v in zip(rows, drawn, strict=True)
    )
    return [m.pk for m in rows]


@pytest.fixture
def said(account: Callable[..., Account]) -> Said:
    return Said(account("email"))


def test_nobody_has_said_anything() -> None:
    assert meaning.nearest(vectors(1)[0], 10) == []
    assert meaning.mend() == (0, 0)


def test_what_is_nearest_by_bits_comes_first_and_once() -> None:
    drawn = vectors(300)
    meaning.remember(range(300), list(drawn))
    meaning.remember([7], [drawn[7]])  # read twice
    meaning.remember([900], [None])  # says nothing
    near = meaning.nearest(drawn[7] + 0.2 * drawn[8], 10)
    assert near[0] == 7
    assert len(near) == len(set(near)) == 10
    assert 900 not in meaning.nearest(drawn[0], 1000)
    assert sorted(meaning.nearest(drawn[0], 1000)) == list(range(300))


def test_nearest_by_bits_are_mostly_the_nearest() -> None:
    """Clouds around forty middles: the ten nearest by cosine are among the hundred nearest by bits."""
    middles, noise = vectors(40, seed=2), vectors(4000, seed=3)
    drawn = np.repeat(middles, 100, axis=0) + 0.9 * noise
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    meaning.remember(range(4000), list(drawn))
    shares = []
    for asked in vectors(20, seed=4) * 0.5 + middles[:20]:
        truth = set(np.argsort(-(drawn @ asked))[:10].tolist())
        shares.append(len(truth & set(meaning.nearest(asked, 100))) / 10)
    assert np.mean(shares) > 0.95


def test_a_record_cut_off_is_left_out() -> None:
    meaning.remember(range(5), list(vectors(5)))
    with meaning.path().open("ab") as stream:
        stream.write(b"half a record")
    assert sorted(meaning.nearest(vectors(1)[0], 100)) == list(range(5))


def test_a_kill_is_put_right(said: Said) -> None:
    drawn = vectors(30)
    ids = keep(said, drawn)
    meaning.remember(ids[:10], list(drawn[:10]))
    assert meaning.mend() == (20, 0)
    assert meaning.nearest(drawn[29], 1) == [ids[29]]
    assert meaning.mend() == (0, 0)


def test_between_times_only_the_newest_are_looked_at(said: Said) -> None:
    drawn = vectors(30)
    ids = keep(said, drawn)
    assert meaning.mend(10) == (10, 0)
    assert sorted(meaning.nearest(drawn[0], 30)) == ids[20:]
    assert meaning.mend() == (20, 0)


def test_all_of_it_is_due_once_a_day_and_where_the_file_was_deleted(said: Said) -> None:
    drawn, now, day = vectors(3), timezone.now(), timedelta(days=1)
    ids = keep(said, drawn)
    assert meaning.due(now, day)
    meaning.mend()
    assert not meaning.due(now, day)
    assert meaning.due(now + 2 * day, day)
    meaning.path().unlink()
    meaning.remember(ids[:1], list(drawn[:1]))  # a message that was read after that
    assert meaning.due(now, day)


def test_what_is_gone_leaves_the_file_when_it_is_much(said: Said) -> None:
    drawn = vectors(20)
    ids = keep(said, drawn)
    meaning.remember(ids, list(drawn))
    meaning.remember(range(10_000, 12_000), list(vectors(2000)))
    assert meaning.mend() == (0, 2000)
    assert sorted(meaning.nearest(drawn[0], 5000)) == sorted(ids)
    assert meaning.path().stat().st_size == 20 * meaning.RECORD.itemsize


def test_whole_vectors_rank(said: Said) -> None:
    drawn = vectors(5)
    ids = keep(said, drawn)
    close = meaning.rank(drawn[2], [*ids, 999_999])
    assert set(close) == set(ids)
    assert max(close, key=close.__getitem__) == ids[2]
    assert close[ids[2]] == pytest.approx(1.0, abs=0.01)


def test_embeddings_of_another_encoder_do_not_count(said: Said) -> None:
    ids = keep(said, vectors(3))
    Embedding.objects.filter(pk=ids[0]).update(version="1-another")
    assert meaning.mend() == (2, 0)
    assert set(meaning.rank(vectors(1)[0], ids)) == set(ids[1:])
