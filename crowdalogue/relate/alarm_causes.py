"""What may have caused a rise besides what people say: a feed that caught up, a mailing of ours, one author, one text
passed on, a holiday. Each is a line with its number; none of them takes an alarm back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ibis import _

from crowdalogue.models import Account, Hours, Import, Message
from crowdalogue.relate import engine
from crowdalogue.relate.engine import Tables

LATE = timedelta(hours=1)  # from sent to here: a feed that keeps up is quicker
SHARE = 0.3  # of the messages: from here on a part is worth a line
FEWEST = 5
LOOKED_AT = 2_000
MAILED_BEFORE = timedelta(days=2)
USUAL_DAYS = 28
MORE_MAILED = 2.0
NEW = timedelta(days=3)

Cause = dict[str, Any]


def causes(found: dict[str, Any], ids: list[int], began: datetime, until: datetime, zone: Any) -> list[Cause]:
    """{"kind", "text", "n"} of each. `found` is what `alarm_evidence.evidence` says, `ids` messages of the rise."""
    lines = [
        _late(ids),
        _imported(began, until),
        _connected(began, until),
        _mailed(began),
        _one_author(found),
        _one_text(found),
        _holiday(began, until, zone),
    ]
    return [line for line in lines if line]


def _late(ids: list[int]) -> Cause | None:
    rows = Message.objects.filter(pk__in=ids[:LOOKED_AT]).values_list("sent_at", "received_at", "channel")
    late = [channel for sent, came, channel in rows if came - sent > LATE]
    if len(late) < FEWEST or len(late) < SHARE * len(ids[:LOOKED_AT]):
        return None
    most = max(set(late), key=late.count)
    text = (
        f"{len(late)} of {len(ids[:LOOKED_AT])} messages came here more than an hour after they were sent, most by "
        f"{most}: a channel was away and caught up, or was filled in later."
    )
    return {"kind": "late", "text": text, "n": len(late), "channel": most}


def _imported(began: datetime, until: datetime) -> Cause | None:
    runs = Import.objects.filter(created_at__gte=began - LATE, created_at__lte=until).count()
    if not runs:
        return None
    words = "1 import was" if runs == 1 else f"{runs} imports were"
    return {"kind": "import", "text": f"{words} begun since then: past messages may have come with it.", "n": runs}


def _connected(began: datetime, until: datetime) -> Cause | None:
    names = list(
        Account.objects.filter(created_at__gte=began - NEW, created_at__lte=until, demo=False)
        .order_by("created_at")
        .values_list("name", flat=True)[:3]
    )
    if not names:
        return None
    return {"kind": "connected", "text": f"Newly connected: {', '.join(names)}.", "n": len(names)}


def _mailed(began: datetime) -> Cause | None:
    """Conversations that we opened in the two days before, against the weeks before that."""
    quarter = int(began.timestamp()) // 900
    span = int(MAILED_BEFORE.total_seconds()) // 900

    def build(tables: Tables) -> Any:
        words = engine.words()
        out = words.index("out") + 1 if "out" in words else -1
        opened = tables.conversations.filter(~_.opened_by_customer)
        rows = tables.messages.filter((_.direction == out) & (_.quarter < quarter))
        rows = rows.filter(_.quarter >= quarter - USUAL_DAYS * 96)
        rows = rows.semi_join(opened, rows.conversation == opened.id)
        return rows.agg(lately=_.count(where=_.quarter >= quarter - span), all=_.count())

    row = engine.one(build)
    lately = int(row["lately"] or 0)
    usual = (int(row["all"] or 0) - lately) * MAILED_BEFORE.days / (USUAL_DAYS - MAILED_BEFORE.days)
    if lately < 4 * FEWEST or lately < MORE_MAILED * usual:
        return None
    text = f"We wrote {lately} messages of our own accord in the two days before; {usual:.0f} are usual."
    return {"kind": "campaign", "text": text, "n": lately}


def _one_author(found: dict[str, Any]) -> Cause | None:
    author = found["author"]
    if author["n"] < FEWEST or author["n"] < SHARE * author["of"]:
        return None
    text = f"One author wrote {author['n']} of {author['of']} messages. An author counts once an hour."
    return {"kind": "author", "text": text, "n": author["n"], "id": author["id"]}


def _one_text(found: dict[str, Any]) -> Cause | None:
    """One text that makes up much of it, or many that are copies of few."""
    copy, copies = found["copy"], found["messages"] - found["texts"]
    if max(copy["n"], copies) < max(FEWEST, SHARE * copy["of"]):
        return None
    if copy["n"] >= SHARE * copy["of"]:
        text = f"{copy['n']} of {copy['of']} messages are one text, passed on. Copies count once a day."
        return {"kind": "copy", "text": text, "n": copy["n"], "id": copy["id"]}
    text = f"{copies} of {copy['of']} messages are near-copies of others, passed on. Copies count once a day."
    return {"kind": "copy", "text": text, "n": copies, "id": copy["id"]}


def _holiday(began: datetime, until: datetime, zone: Any) -> Cause | None:
    days: set[str] = set()
    day = began.astimezone(zone).date()
    while day <= until.astimezone(zone).date() and len(days) < 60:
        days.add(day.isoformat())
        day += timedelta(days=1)
    found = sorted(days & {str(d) for hours in Hours.objects.all()[:50] for d in hours.holidays or ()})
    if not found:
        return None
    return {"kind": "holiday", "text": f"A holiday lies in it: {', '.join(found[:3])}.", "n": len(found)}
