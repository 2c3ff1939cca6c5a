"""What goes wrong with one row is kept on it, and the others go on."""

from __future__ import annotations

import logging

import pytest

from crowdalogue.errors import Failure
from crowdalogue.flow import trying
from crowdalogue.models import Deed


def test_one_that_fails_and_one_that_breaks_stop_no_other(caplog: pytest.LogCaptureFixture) -> None:
    rows = [Deed(pk=number) for number in range(1, 5)]
    done: list[int] = []
    problems: dict[int, str] = {}

    def carry_out(deed: Deed) -> None:
        if deed.pk == 1:
            raise Failure("mara@example.com is not known there. Look at the address.")
        if deed.pk == 2:
            raise KeyError("id")

    def problem(deed: Deed, failure: Failure) -> None:
        problems[deed.pk] = failure.text

    with caplog.at_level(logging.WARNING):
        assert trying.each(rows, carry_out, done=lambda deed: done.append(deed.pk), problem=problem) == 4
    assert done == [3, 4]
    assert problems[1].startswith("mara@example.com is not known")
    assert "see the log" in problems[2] and "deed 2 broke" in caplog.text and "KeyError" in caplog.text
    assert "mara@example.com" not in caplog.text  # what a provider said may hold addresses
