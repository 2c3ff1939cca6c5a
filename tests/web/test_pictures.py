"""Which picture fits which numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crowdalogue.models import Brand
from crowdalogue.relate.filters import EVERYTHING
from crowdalogue.relate.scope import Scope
from crowdalogue.web import pictures
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def scope(brand: Brand) -> Scope:
    rival = Brand.objects.create(name="Oakhusk", competitor=True)
    for n in range(24):
        talk(brand=brand if n % 4 else rival, sentiment="negative" if n % 2 else "neutral", answer_s=60, hours_ago=n)
    counted()
    return Scope.of(EVERYTHING)


def test_counts_are_columns_and_shares_are_lines(scope: Scope) -> None:
    assert '<rect class="bar own"' in pictures.of(scope, "messages", "day").svg
    assert "l-own" not in pictures.of(scope, "messages", "day").svg
    assert '<rect class="bar' not in pictures.of(scope, "negative", "day").svg


def test_competitors_are_grey(scope: Scope) -> None:
    svg = str(pictures.of(scope, "messages", "brand").svg)
    assert svg.count("bar own") == 1 and svg.count("bar same") == 1
    assert "bar same" in pictures.of(scope, "messages", "day", "brand").svg


def test_shares_are_dots_with_intervals_and_a_line_for_all(scope: Scope) -> None:
    svg = str(pictures.of(scope, "negative", "brand").svg)
    assert 'class="ci own"' in svg and 'class="zero"' in svg
    assert "too few to say (n = 6)" in svg, "the competitor has six messages only"


def test_the_table_says_the_same(scope: Scope) -> None:
    table = pictures.of(scope, "negative", "brand").table
    assert list(table.header) == ["Brand", "Negative share", "95%", "n"]
    first, second = table.rows
    assert [c.text for c in first][0::3] == ["Northwind", "18"]
    assert [c.text for c in second][1:] == ["too few to say", "", "6"]
    assert table.csv.startswith("/explore/?measure=negative&by=brand&format=csv")


def test_hours_are_all_there_in_order(scope: Scope) -> None:
    rows = pictures.of(scope, "messages", "hour").table.rows
    assert [r[0].text for r in rows] == [f"{h:02d} to {h + 1:02d}" for h in range(24)]
