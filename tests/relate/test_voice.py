"""Share of voice, counted by hand beside it, and the messages behind each brand's row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crowdalogue.listen import watches
from crowdalogue.models import Brand, Message, User, Watch, WatchHit
from crowdalogue.relate import measures, voice
from crowdalogue.relate.scope import Scope
from crowdalogue.relate.statistics import wilson
from tests.relate.seen import NOW, scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(make: Any, brand: Brand) -> dict[str, Message]:
    """Northwind is ours, Oakhusk a competitor with a watch; another watch is about a need."""
    rival = Brand.objects.create(name="Oakhusk", competitor=True)
    ear = Watch.objects.create(name="Oakhusk named", purpose="competitor", brand=rival)
    need = Watch.objects.create(name="Wants a lamp", purpose="need", brand=rival)
    mara, noor = make.person("Mara")[1], make.person("Noor")[1]
    ours, theirs = make.conversation(brand=brand), make.conversation(brand=rival)
    rows = {
        "to us": make.message(ours, handle=mara),
        "to us, of both": make.message(ours, handle=mara),
        "to them, named": make.message(theirs, handle=noor, kind="overheard"),
        "of nobody": make.message(make.conversation(), handle=noor),
        "a need": make.message(make.conversation(), handle=noor),
        "wrongly heard": make.message(make.conversation(), handle=noor),
        "spam": make.message(ours, handle=noor, apart="spam"),
        "taken back": make.message(theirs, handle=noor, deleted_at=NOW),
        "a note": make.message(ours, direction="note"),
        "from us": make.message(ours, direction="out"),
    }
    caught = [(ear, "to us, of both", None), (ear, "to them, named", True), (need, "a need", None)]
    for watch, name, right in [*caught, (ear, "wrongly heard", False), (ear, "spam", None)]:
        WatchHit.objects.create(watch=watch, message=rows[name], right=right)
    return rows


@pytest.mark.usefixtures("said")
def test_a_message_counts_for_every_brand_it_names_once() -> None:
    ours, theirs = voice.of_brands(scope("whose=any"))
    assert (ours["brand"], ours["n"], ours["authors"], ours["share"]) == ("Northwind", 2, 1, 0.5)
    assert (theirs["brand"], theirs["n"], theirs["authors"], theirs["competitor"]) == ("Oakhusk", 2, 2, True)
    assert (theirs["share_low"], theirs["share_high"]) == wilson(2, 4)
    assert theirs["authors_share"] == pytest.approx(2 / 3)
    (alone,) = voice.of_brands(scope("whose=competitor"))
    assert (alone["brand"], alone["share"]) == ("Oakhusk", 0.5), "what is shown does not change what shares are of"


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("query", ["whose=any", "whose=any&apart=any", "whose=any&apart=only"])
def test_each_row_opens_onto_the_messages_it_counts(query: str) -> None:
    shown = scope(query)
    rows = voice.of_brands(shown)
    assert rows
    for row in rows:
        behind = Scope.of(voice.behind(shown.filters, row["brand"]), now=NOW)
        assert measures.figure(behind, "messages")["n"] == row["n"], row
        assert measures.figure(behind, "authors")["n"] == row["authors"], row


def test_a_judgement_reaches_the_columns(said: dict[str, Message], owner: User) -> None:
    scope()
    Message.objects.update(changed_at=datetime(2026, 1, 1, tzinfo=UTC))
    watches.judge(owner, Watch.objects.get(name="Oakhusk named"), [said["to us, of both"].pk], False)
    ours, theirs = voice.of_brands(scope("whose=any"))
    assert (ours["n"], theirs["n"]) == (2, 1)


@pytest.mark.usefixtures("said")
def test_shares_within_a_channel_or_week_add_up(make: Any, brand: Brand) -> None:
    make.message(make.conversation(channel="sms", brand=brand), at=datetime(2026, 11, 10, tzinfo=UTC))
    rows = voice.split(scope("whose=any"), "channel")
    assert [(r["channel"], r["brand"], r["n"], r["share"]) for r in rows] == [
        ("email", "Northwind", 2, 0.5),
        ("email", "Oakhusk", 2, 0.5),
        ("sms", "Northwind", 1, 1.0),
    ]
    assert rows[0]["few"] and (rows[0]["share_low"], rows[0]["share_high"]) == wilson(2, 4)
    weeks = voice.split(scope("whose=competitor"), "week")
    assert [(r["week"].isoformat(), r["brand"], r["share"]) for r in weeks] == [("2026-11-16", "Oakhusk", 0.5)]
