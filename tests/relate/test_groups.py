"""Two groups of real rows compared: people instead of messages, copies once, the rest, third variables, refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crowdalogue.models import Message, Reading
from crowdalogue.relate import facts, groups
from crowdalogue.relate.filters import EVERYTHING, parse
from crowdalogue.relate.groups import Contrast, Row
from tests.relate.conftest import NOW, Maker

pytestmark = pytest.mark.django_db

Say = Callable[..., Message]


@pytest.fixture
def say(make: Maker) -> Say:
    """`say("text", channel="sms", intent="complaint")` by somebody new, or by `handle`."""

    def one(text: str = "hello", *, channel: str = "email", handle: Any = None, **labels: Any) -> Message:
        handle = handle or make.person()[1]
        message = make.message(make.conversation(channel=channel), handle=handle, text=text)
        Reading.objects.create(message=message, version="1", **labels)
        return message

    return one


def against(one: str, two: str, **more: Any) -> Contrast:
    facts.rebuild()
    return groups.contrast(parse(one, EVERYTHING), parse(two, EVERYTHING), now=NOW + timedelta(hours=1), **more)


def row(found: Contrast, kind: str, value: str) -> tuple[Row, list[int]]:
    [it] = [r for r in found.rows if (r.kind, r.value) == (kind, value)]
    f = found.figures
    assert f is not None
    return it, [int(x[it.at]) for x in (f.k1, f.n1, f.k2, f.n2)]


def test_labels_and_words_that_set_channels_apart(say: Say) -> None:
    for n in range(40):
        say(f"battery dies number{n}", intent="complaint" if n < 30 else "question")
        say(f"lovely colour number{n}", channel="sms", intent="complaint" if n < 5 else "question")
    found = against("channel=email", "channel=sms")
    assert found.chosen_by == ("channel",) and not found.refused
    it, counts = row(found, "intent", "complaint")
    assert counts == [30, 40, 5, 40] and found.figures is not None
    assert found.figures.stands[it.at] and found.figures.ratio[it.at] == pytest.approx(6)
    assert row(found, "word", "battery dies")[1] == [40, 40, 0, 40]
    assert row(found, "word", "lovely colour")[1] == [0, 40, 40, 40]
    said = groups.plain(found)
    assert said["rows"][0]["stands"] and said["stand"] == 4 and said["looks"] == len(said["rows"])
    only_first = next(r for r in said["rows"] if r["value"] == "battery dies")
    assert only_first["ratio"] is None and only_first["ratio_low"] > 5 and only_first["points"] == 1


def test_who_writes_ten_times_is_one_person_and_a_copied_text_one_voice(say: Say, make: Maker) -> None:
    loud = make.person()[1]
    for n in range(10):
        say(f"again refund {n}", handle=loud, intent="complaint")
    first = say("copied text about refund", intent="complaint")
    for _n in range(15):
        say("copied text about refund", intent="complaint", duplicate_of=first.pk)
    for n in range(25):
        say(f"thanks {n}", intent="praise")
        say(f"thanks {n} too", channel="sms", intent="praise")
    found = against("channel=email", "channel=sms")
    assert (found.one.messages, found.one.texts, found.one.authors) == (51, 36, 27)
    assert row(found, "intent", "complaint")[1] == [2, 27, 0, 25]


def test_against_everything_is_against_the_rest(say: Say) -> None:
    for n in range(30):
        say(f"a {n}", intent="complaint")
        say(f"b {n}", channel="sms", intent="praise")
    found = against("channel=email", "")
    assert found.in_both == 30 and found.two.texts == 30 and found.two.messages == 60
    assert row(found, "intent", "complaint")[1] == [30, 30, 0, 30]


def test_too_few_people_are_refused_with_the_number(say: Say) -> None:
    for n in range(30):
        say(f"a {n}")
    for n in range(19):
        say(f"b {n}", channel="sms")
    found = against("channel=email", "channel=sms")
    assert "n = 30 and 19" in found.refused and "20" in found.refused and not found.rows
    assert groups.plain(found)["rows"] == []
    assert "n = 0 and 0" in against("channel=nothing", "channel=none").refused


def test_what_has_not_been_read_is_left_out_of_the_share(say: Say) -> None:
    for n in range(30):
        say(f"a {n}", sentiment="negative" if n < 20 else "", needs_answer=n < 10 if n < 20 else None)
        say(f"b {n}", channel="sms", sentiment="positive", needs_answer=False)
    found = against("channel=email", "channel=sms")
    assert row(found, "sentiment", "negative")[1] == [20, 20, 0, 30]
    assert row(found, "needs_answer", "yes")[1] == [10, 20, 0, 30]


def test_a_third_variable_that_turns_it_round_is_named(say: Say) -> None:
    """Negative people complain more by SMS; nearly all positive ones write there, where everybody complains."""
    shape = (("negative", "sms", 20, 19), ("negative", "email", 180, 72), ("positive", "sms", 180, 126))
    for sentiment, channel, n, complaints in (*shape, ("positive", "email", 20, 4)):
        for i in range(n):
            intent = "complaint" if i < complaints else "question"
            say(f"{sentiment} {channel} {i}", channel=channel, sentiment=sentiment, intent=intent)
    found = against("sentiment=positive", "sentiment=negative")
    it, counts = row(found, "intent", "complaint")
    assert counts == [130, 200, 91, 200] and found.figures is not None and found.figures.stands[it.at]
    [warned] = it.warned
    assert warned.by == "channel" and warned.turned and warned.ratio < 1 < warned.crude
    assert {p[0] for p in warned.parts} == {"sms", "email"}


def test_the_mix_of_channels_that_makes_the_difference_is_named(say: Say) -> None:
    shape = (("fr", "sms", 120, 96), ("fr", "email", 40, 4), ("en", "sms", 40, 32), ("en", "email", 120, 12))
    for language, channel, n, complaints in shape:
        for i in range(n):
            intent = "complaint" if i < complaints else "question"
            say(f"{language} {channel} {i}", channel=channel, language=language, intent=intent)
    found = against("language=fr", "language=en")
    it, counts = row(found, "intent", "complaint")
    assert counts == [100, 160, 44, 160] and found.figures is not None and found.figures.stands[it.at]
    [warned] = it.warned
    assert warned.by == "channel" and not warned.turned and warned.ratio == pytest.approx(1)
    [said] = [r for r in groups.plain(found)["rows"] if r["value"] == "complaint"]
    assert said["warnings"][0]["by"] == "channel" and said["warnings"][0]["parts"][0]["n1"] == 120
    assert {p[0]: p[1:] for p in warned.parts}["sms"] == (96, 120, 32, 40)


def test_groups_that_share_no_channel_say_that_it_cannot_be_checked(say: Say) -> None:
    for n in range(60):
        say(f"a {n}", language="fr", intent="complaint")
        say(f"b {n}", language="en", channel="sms", intent="praise")
    assert against("language=fr", "language=en").unchecked == ("channel",)


def test_only_the_newest_are_read_and_the_number_is_said(say: Say) -> None:
    for n in range(40):
        say(f"a {n}", intent="complaint")
        say(f"b {n}", channel="sms", intent="praise")
    found = against("channel=email", "channel=sms", most=25)
    assert (found.one.messages, found.one.read, found.one.authors) == (40, 25, 25)


def test_people_in_both_groups_and_many_messages_are_said(say: Say, make: Maker) -> None:
    for _n in range(30):
        _person, handle = make.person()
        for text in ("one", "two", "three"):
            say(f"{text} {handle.pk}", handle=handle)
        say(f"by phone {handle.pk}", channel="sms", handle=handle)
    found = against("channel=email", "channel=sms")
    assert found.shared == 30 and len(found.cautions) == 2
    assert "3.0 messages" in found.cautions[0] and "30 people are in both" in found.cautions[1]


def test_messages_without_an_author_count_one_each(make: Maker) -> None:
    for n in range(25):
        make.message(make.conversation(), text=f"unsigned {n}")
        make.message(make.conversation(channel="sms"), text=f"unsigned too {n}")
    found = against("channel=email", "channel=sms")
    assert (found.one.authors, found.two.authors, found.shared) == (25, 25, 0)
