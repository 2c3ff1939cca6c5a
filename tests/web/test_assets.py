"""The pinned browser parts are put in place, and what is missing is named with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from crowdalogue.web import assets


def modules(folder: Path) -> Path:
    for source in assets.PARTS.values():
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        (folder / source).write_text(f"content of {source}")
    return folder


def test_parts_are_copied_and_old_ones_replaced(tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    source = modules(tmp_path / "node_modules")
    assert assets.copy(source, target) == sorted(assets.PARTS)
    name, path = next(iter(assets.PARTS.items()))
    (source / path).write_text("newer")
    assets.copy(source, target)
    assert (target / name).read_text() == "newer"
    assert not list(target.glob("*.part"))


def test_a_missing_part_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="npm ci"):
        assets.copy(tmp_path / "node_modules", tmp_path / "vendor")


def test_licences_lie_beside_what_is_served() -> None:
    assert any("LICENSE" in name for name in assets.PARTS)
