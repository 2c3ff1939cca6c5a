"""setup and demo: through the real command."""

from __future__ import annotations

from collections.abc import Callable

from tests.cli.conftest import Done, last_json


def test_setup_can_be_repeated(crowdalogue: Callable[..., Done]) -> None:
    assert last_json(crowdalogue("setup", "--json"))["store"] == "ready"
    assert "crowdalogue run" in crowdalogue("setup").stdout


def test_removing_what_is_not_there(crowdalogue: Callable[..., Done]) -> None:
    assert last_json(crowdalogue("demo", "remove", "--json")) == {"removed": 0}
