"""What is known of a rise: how many people, which words, channels and places, what may have caused it, examples.

Compared are the messages since it began with those of the four weeks before, people by people, near-copies once. Words
and labels of one series among many are compared with what was said of everything then: of a topic, its own words say
little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import ibis
import numpy as np

from crowdalogue.models import Message
from crowdalogue.relate import alarm_series, alarm_watch, comparison
from crowdalogue.relate.alarm_series import ALL, Asked, Node
from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.phrases import phrases
from crowdalogue.relate.scope import Scope

Array: TypeAlias = Any

BEFORE = timedelta(days=28)
MOST = 5_000  # messages of either time that are read, the newest
WORDS, PARTS, EXAMPLES = 12, 6, 6
FEWEST_USERS = 3  # people who use a word
AT_ONCE = 5_000
LABELS = ("sentiment", "intent", "channel", "language", "place")


@dataclass(frozen=True)
class Pile:
    """The messages of a time. Places in `first` are of each near-copy the first; `people` counts authors."""

    rows: list[dict[str, Any]]
    first: list[int]
    author: Array  # of each first, from 0
    people: int

    @property
    def texts(self) -> int:
        return len(self.first)


def pile_of(node: Node, began: datetime, until: datetime) -> Pile:
    """A series' messages of a time, the newest, with all copies."""
    scope = alarm_series.within(Scope.of(node.asked.filters()), began, until - timedelta(seconds=1))
    columns = ("id", "author", "copies", "sent_at", *LABELS)

    def build(tables: Tables) -> Expression:
        rows = alarm_watch.of_key(scope, node, scope.messages(tables))
        return rows.select(*columns).order_by([ibis.desc("sent_at"), ibis.desc("id")])

    rows = scope.ask(("alarm pile", node.asked.family, node.key), build, limit=MOST)
    rows = [{**row, **{k: scope.word(row[k]) for k in LABELS if k != "place"}} for row in reversed(rows)]
    seen: set[int] = set()
    first = [i for i, row in enumerate(rows) if row["copies"] not in seen and not seen.add(row["copies"])]  # type: ignore[func-returns-value]
    who = [rows[i]["author"] if rows[i]["author"] is not None else -(2**40) - rows[i]["id"] for i in first]
    known, author = np.unique(np.array(who, dtype=np.int64), return_inverse=True)
    return Pile(rows, first, author, len(known))


def evidence(node: Node, began: datetime, until: datetime) -> dict[str, Any]:
    """JSON-ready: people, texts, messages, words, labels that changed, channels, places, causes, examples."""
    now, before = pile_of(node, began, until), pile_of(node, began - BEFORE, began)
    everything = replace(node, asked=Asked("all", node.asked.query), key=ALL)
    others = before if node.key == ALL else pile_of(everything, began - BEFORE, began)
    words, telling = _words(now, others)
    return {
        "people": now.people,
        "texts": now.texts,
        "messages": len(now.rows),
        "whole": len(now.rows) < MOST,
        "words": words,
        "changed": _changed(now, others),
        "channels": _parts(now, before, "channel", began, until),
        "places": _parts(now, before, "place", began, until),
        "examples": _examples(now, telling),
        "author": _largest(now, "author"),
        "copy": _largest(now, "copies"),
    }


# --- words


def _words(now: Pile, before: Pile) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """Words that more people use than before, by evidence; and how many of them each message (id) has."""
    ids = [now.rows[i]["id"] for i in now.first] + [before.rows[i]["id"] for i in before.first]
    texts = _texts(ids)
    owners = np.concatenate([now.author, before.author + now.people])
    used = phrases([texts.get(pk, "") for pk in ids], owners.tolist(), fewest=FEWEST_USERS)
    if not used.names or not now.people:
        return [], {}
    mine = used.owner < now.people
    k1 = np.bincount(used.name[mine], minlength=len(used.names))
    k2 = np.bincount(used.name[~mine], minlength=len(used.names))
    n1, n2 = np.full(len(k1), now.people), np.full(len(k1), max(before.people, 1))
    found = comparison.compare(k1, n1, k2, n2)
    more = [int(i) for i in np.argsort(-found.z, kind="stable") if found.stands[i] and found.ratio[i] > 1][:WORDS]
    words = [_figures(found, i) | {"word": used.names[i]} for i in more]
    of = {pk: sum(w["word"] in texts.get(pk, "").casefold() for w in words) for pk in ids[: now.texts]}
    return words, of


def _figures(found: comparison.Compared, i: int) -> dict[str, Any]:
    ratio, low, high = (float(x[i]) for x in (found.ratio, found.ratio_low, found.ratio_high))
    finite = [round(x, 3) if np.isfinite(x) else None for x in (ratio, low, high)]
    counts = {name: int(getattr(found, name)[i]) for name in ("k1", "n1", "k2", "n2")}
    return counts | dict(zip(("ratio", "low", "high"), finite, strict=True))


def _texts(ids: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for at in range(0, len(ids), AT_ONCE):
        found.update(Message.objects.filter(pk__in=ids[at : at + AT_ONCE]).values_list("pk", "text"))
    return found


# --- what else is different


def _changed(now: Pile, before: Pile) -> list[dict[str, Any]]:
    """Labels that more people have than before, beyond chance after the correction, the surest first."""
    pairs: list[tuple[str, str]] = []
    k1, k2 = [], []
    for label in LABELS:
        ours, theirs = _people_by(now, label), _people_by(before, label)
        for value in sorted(set(ours) | set(theirs)):
            pairs.append((label, value))
            k1.append(ours.get(value, 0))
            k2.append(theirs.get(value, 0))
    if not pairs or not before.people:
        return []
    n1, n2 = np.full(len(pairs), now.people), np.full(len(pairs), before.people)
    found = comparison.compare(np.array(k1), n1, np.array(k2), n2)
    more = [int(i) for i in np.argsort(found.p, kind="stable") if found.stands[i] and found.ratio[i] > 1]
    return [_figures(found, i) | {"kind": pairs[i][0], "value": pairs[i][1]} for i in more[:PARTS]]


def _people_by(pile: Pile, label: str) -> dict[str, int]:
    people: dict[str, set[int]] = {}
    for place, i in enumerate(pile.first):
        value = pile.rows[i][label]
        if value and value != "-":
            people.setdefault(str(value), set()).add(int(pile.author[place]))
    return {value: len(who) for value, who in people.items()}


def _parts(now: Pile, before: Pile, label: str, began: datetime, until: datetime) -> list[dict[str, Any]]:
    """People by value, most first, with how many would be usual in a time of this length."""
    scale = (until - began) / BEFORE
    usual = _people_by(before, label)
    rows = sorted(_people_by(now, label).items(), key=lambda pair: (-pair[1], pair[0]))[:PARTS]
    return [{"value": value, "n": n, "usual": round(usual.get(value, 0) * scale, 1)} for value, n in rows]


def _examples(now: Pile, telling: dict[int, int]) -> list[int]:
    """Messages that say most of what is new, different texts by different people."""
    copies = Counter(row["copies"] for row in now.rows)

    def worth(i: int) -> tuple[int, int, int]:
        row = now.rows[i]
        return telling.get(row["id"], 0), copies[row["copies"]], row["id"]

    ranked = sorted(now.first, key=worth, reverse=True)
    found: list[int] = []
    authors: set[Any] = set()
    for i in ranked:
        if now.rows[i]["author"] not in authors:
            authors.add(now.rows[i]["author"])
            found.append(now.rows[i]["id"])
        if len(found) == EXAMPLES:
            break
    return found


def _largest(pile: Pile, column: str) -> dict[str, int]:
    """How many messages the most frequent author, or the text passed on most, has."""
    counted = Counter(row[column] for row in pile.rows if row[column] is not None)
    key, n = counted.most_common(1)[0] if counted else (0, 0)
    return {"id": int(key), "n": n, "of": len(pile.rows)}
