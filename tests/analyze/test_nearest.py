"""Nearest neighbours against sorting everything, and by cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.analyze import nearest


def cloud(n: int, width: int = 24, seed: int = 0, spread: float = 1.0) -> nearest.Floats:
    generator = np.random.default_rng(seed)
    middles = generator.standard_normal((max(1, n // 50), width))
    return nearest.unit(
        (middles[generator.integers(len(middles), size=n)] + spread * generator.standard_normal((n, width))).astype(
            np.float32
        )
    )


def by_sorting(vectors: nearest.Floats, k: int) -> tuple[np.ndarray, np.ndarray]:
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -9)
    order = np.argsort(-alike, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(alike, order, 1)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 700), st.integers(1, 30), st.integers(0, 5))
def test_exact(n: int, k: int, seed: int) -> None:
    vectors = cloud(n, seed=seed)
    found, alike = nearest.neighbours(vectors, k)
    _, expected = by_sorting(vectors, min(k, n - 1))
    assert found.shape == alike.shape == (n, min(k, n - 1))
    assert np.allclose(alike, expected, atol=1e-5)
    assert not (found == np.arange(n)[:, None]).any()
    assert np.allclose(np.einsum("ij,ikj->ik", vectors, vectors[found]), alike, atol=1e-5)


def test_by_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands at once are compared with the cells around them; nearly all neighbours are found."""
    vectors = cloud(6000, spread=0.5)
    expected, _ = nearest.neighbours(vectors, 10)
    monkeypatch.setattr(nearest, "EXACT_UP_TO", 1000)
    monkeypatch.setattr(nearest, "CELL", 200)
    found, alike = nearest.neighbours(vectors, 10)
    shared = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(expected.tolist(), found.tolist(), strict=True)])
    assert shared > 0.9
    assert (np.diff(alike, axis=1) <= 1e-6).all()


def test_cells_smaller_than_the_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row with too few to be compared with is filled with itself at a cosine of nothing."""
    monkeypatch.setattr(nearest, "EXACT_UP_TO", 1)
    monkeypatch.setattr(nearest, "CELL", 3)
    monkeypatch.setattr(nearest, "LOOKED_AT", 1)
    vectors = np.eye(12, dtype=np.float32)
    found, alike = nearest.neighbours(vectors, 8)
    filled = found == np.arange(12)[:, None]
    assert filled.any()
    assert (alike[filled] == 0).all()


def test_groups_repeat_and_have_members() -> None:
    vectors = cloud(500)
    groups, centres = nearest.k_means(vectors, 20)
    again, _ = nearest.k_means(vectors, 20)
    assert (groups == again).all()
    assert sorted(set(groups.tolist())) == list(range(len(centres)))
    assert np.allclose(np.linalg.norm(nearest.means(vectors, groups), axis=1), 1, atol=1e-5)
