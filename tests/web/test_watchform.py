"""The form of a watch: whatever a query says comes back from the form as the same query."""

from __future__ import annotations

from typing import Any

import pytest
from django.forms import BoundField

from crowdalogue.models import Brand
from crowdalogue.text.watching import WatchQuery, typed
from crowdalogue.web import watchform

pytestmark = pytest.mark.django_db


def as_sent(form: watchform.WatchForm) -> dict[str, Any]:
    """What a browser sends of a form as it is drawn."""
    sent: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if value not in (None, False):
            sent[field.html_name] = value if isinstance(value, list) else "on" if value is True else str(value)
        else:
            assert isinstance(field, BoundField)
    return sent


@pytest.mark.parametrize(
    "line",
    [
        "parcel",
        'any:acme any:"north pier" any:deliver* -jobs -"press release"',
        "any:norvelle~ any:contoso~",
        'any:norvelle~ any:"north pier"',
        'near:"acme|bolt ~5 parcel" near:"a ~2 b" near:"c ~3 d" near:"e ~4 f"',
        "parcel lang:en,de place:Berlin place:Oslo reach:500 own:yes",
        "parcel channel:email",
    ],
)
def test_a_query_comes_back_from_the_form(line: str) -> None:
    query = typed(line)
    form = watchform.filled(query, name="One", purpose="need")
    back = watchform.posted(as_sent(form))
    assert back.is_valid(), back.errors
    assert back.query == query


def test_misspellings_are_asked_for_every_word_that_is_long_enough() -> None:
    sent = as_sent(watchform.filled(typed("any:parcel any:ups any:deliver*"), name="One", purpose="need"))
    form = watchform.posted({**sent, "slips": "on"})
    assert form.is_valid()
    assert form.query == WatchQuery(any=("parcel~", "ups", "deliver*"))


def test_a_competitor_is_named(brand: Brand) -> None:
    sent = as_sent(watchform.filled(typed("any:parcel"), name="One", purpose="competitor", brand=brand.pk))
    assert "brand" in watchform.posted(sent).errors
    Brand.objects.update(competitor=True)
    assert watchform.posted(sent).is_valid()


def test_languages_have_names_and_codes() -> None:
    assert [watchform.code_of(name) for name in ("German", "Deutsch", "de", "no such")] == ["de", "de", "de", None]
    assert watchform.language_name("fr") == "French" and watchform.language_name("xx") == "xx"
