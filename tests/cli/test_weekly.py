"""`crowdalogue weekly` as a command of its own."""

from __future__ import annotations

from collections.abc import Callable

from tests.cli.conftest import Done, last_json, refusal


def test_a_week_of_few_people_says_so(crowdalogue: Callable[..., Done]) -> None:
    found = last_json(crowdalogue("weekly", "channel=nothing", "--json"))
    assert "Too few to say" in found["refused"] and found["people"] == 0
    told = crowdalogue("weekly", "channel=nothing", "--anew")
    assert told.returncode == 0 and "0 messages of 0 people" in told.stdout and "Too few to say" in told.stdout


def test_a_week_that_is_not_over_is_refused(crowdalogue: Callable[..., Done]) -> None:
    assert "not over" in refusal(crowdalogue("weekly", "--week", "2999-01-01"))
    assert "Period cannot be" in refusal(crowdalogue("weekly", "period=soon"))
