"""Types of the API."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crowdalogue.api.shapes import Problem, sensible, told


def test_told_is_a_problem() -> None:
    assert Problem(**told(422, "Cause. Remedy.", [("limit", "too many")])).error.fields[0].field == "limit"


def test_moments_have_bounds() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert sensible(moment) == moment
    for year in (1, 1970, 9999):
        with pytest.raises(ValueError, match="between 1971 and 2199"):
            sensible(datetime(year, 1, 1, tzinfo=UTC))
