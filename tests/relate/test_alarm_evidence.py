"""What is said of a rise: people, words, channels, examples."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crowdalogue.models import Message
from crowdalogue.relate import alarm_evidence, alarm_series
from crowdalogue.relate.alarm_series import Asked
from crowdalogue.relate.scope import Scope
from tests.alarmed import NOW, leaking

pytestmark = pytest.mark.django_db


def test_the_words_channels_and_people_of_a_rise() -> None:
    topic = leaking()
    asked = Asked("topic")
    found = alarm_series.nodes(Scope.of(asked.filters()), asked, NOW - timedelta(days=60), NOW)
    node = next(n for n in found if n.key == f"topic:{topic.pk}")
    said = alarm_evidence.evidence(node, NOW - timedelta(hours=20), NOW)
    assert said["people"] >= 30
    assert "lid leaks" in {w["word"] for w in said["words"]}
    assert all(w["k1"] <= w["n1"] for w in said["words"])
    assert said["channels"][0]["value"] == "email"
    assert said["channels"][0]["n"] > 5 * said["channels"][0]["usual"]
    assert ("sentiment", "negative") in {(c["kind"], c["value"]) for c in said["changed"]}
    texts = Message.objects.filter(pk__in=said["examples"]).values_list("text", flat=True)
    assert len(texts) == alarm_evidence.EXAMPLES
    assert all("lid leaks" in text for text in texts)


def test_a_time_in_which_nobody_spoke_says_nothing() -> None:
    leaking()
    asked = Asked("all")
    (node,) = alarm_series.nodes(Scope.of(asked.filters()), asked, NOW - timedelta(days=60), NOW)
    said = alarm_evidence.evidence(node, NOW + timedelta(days=5), NOW + timedelta(days=6))
    assert (said["people"], said["words"], said["examples"]) == (0, [], [])
