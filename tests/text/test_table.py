"""No cell of a CSV is a formula to a spreadsheet, and every cell can be read back as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.text.table import FORMULA, neutral, restored, write_csv


@pytest.mark.parametrize("attack", ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", "'=1"])
def test_formulas_are_neutralised(attack: str) -> None:
    out = io.StringIO()
    assert write_csv([[attack, "plain"]], ["text", "=head"], out) == 1
    header, row = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert row == ["'" + attack, "plain"]
    assert header == ["text", "'=head"]


def test_numbers_stay_numbers_and_nothing_is_empty() -> None:
    assert neutral(-5) == -5
    assert neutral(None) == ""
    assert neutral("it's") == "it's"


@given(st.text())
def test_any_text_is_no_formula_and_comes_back(text: str) -> None:
    cell = neutral(text)
    assert not str(cell).startswith(FORMULA)
    assert restored(cell) == text
