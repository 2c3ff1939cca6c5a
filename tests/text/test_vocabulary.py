"""The spellings of a word among what was written: on SQLite all of them, on PostgreSQL nobody knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from crowdalogue import flow
from crowdalogue.models import Account
from crowdalogue.text import vocabulary
from tests.listen.test_watches import say

pytestmark = pytest.mark.django_db


def test_the_spellings_of_a_word_are_listed(account: Callable[..., Account], monkeypatch: pytest.MonkeyPatch) -> None:
    flow.file(account("social"), [say("Norvelle and norvele, nörvelle's orvelle"), say("the noravelle novel")])
    found = vocabulary.spellings("norvelle")
    if connection.vendor == "postgresql":
        assert found is None
        return
    assert found is not None and found[0] == "norvelle"
    assert sorted(found) == ["noravelle", "norvele", "norvelle"]
    assert vocabulary.spellings("zebra") == ["zebra"]
    monkeypatch.setattr(vocabulary, "MOST", 2)
    assert vocabulary.spellings("norvelle") is None, "too many"
