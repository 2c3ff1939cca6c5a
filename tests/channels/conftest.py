"""What tests of channels share: an outside network that says what a provider would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.outside import Outside, outside_network


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    with outside_network(monkeypatch) as fake:
        yield fake
