"""What was said before, or while we were away: parents (posts, conversations) newest first, with their children.

The first walk goes back to the beginning, in as many calls as it takes. After it every call looks at the newest
parents, and every quarter of an hour a longer walk goes back a stretch and finds what no hook brought.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crowdalogue.channels.asking import fault
from crowdalogue.channels.base import Fetched, Raw
from crowdalogue.channels.meta.graph import Graph, GraphFailed
from crowdalogue.channels.picking import digest, objects, when, whole, words

__all__ = ["Edges", "several", "sweep"]

EVERY = timedelta(minutes=15)  # between longer walks
OVERLAP = timedelta(minutes=10)  # of one look with the one before it
ON = frozenset({"after", "until", "__paging_token"})  # of a next page's address; never its token


@dataclass(frozen=True)
class Edges:
    """Where to walk. `fields` of a parent hold its first children at `children`, with paging and a summary."""

    name: str  # what the deliveries are called: swept_feed
    parents: str  # path
    fields: str
    children: str  # comments, messages
    child_fields: str
    time: str  # of a parent: created_time, updated_time
    child_time: str
    back: timedelta  # how far before the last walk's beginning the next longer one goes
    kept: tuple[str, ...] = ("id",)  # what of a parent goes with each child
    itself: bool = False  # whether a parent is a message too
    page: int = 25
    more: Mapping[str, str] | None = None  # further parameters of the parents
    child_more: Mapping[str, str] | None = None


@dataclass
class Look:
    """How far this walk goes: children older than `floor` are not followed, and parents only in a long one."""

    floor: datetime | None
    long: bool


def sweep(graph: Graph, edges: Edges, cursor: Mapping[str, Any], limit: int, now: datetime) -> Fetched:
    """One call's worth. The cursor holds since (when the last long walk began) and looked (when the last look did);
    in a walk also began, long, page and waiting [[id, after, left]]; rest where Meta's allowance is nearly spent."""
    rest = when(cursor, "rest")
    if rest is not None and now < rest <= now + EVERY:
        return Fetched((), dict(cursor))
    state = {name: value for name, value in cursor.items() if name != "rest"}
    if not state.get("began"):
        state |= {"began": now.isoformat(), "long": long_is_due(state, now)}
    look = look_of(state, edges)
    waiting = [list(w) for w in state.get("waiting") or () if isinstance(w, list | tuple) and len(w) == 3]
    if waiting:
        raws, waiting = children(graph, edges, waiting, limit, look)
    else:
        raws, waiting, state["page"] = parents(graph, edges, state.get("page"), limit, look)
    state["waiting"] = waiting
    if not waiting and not state.get("page"):
        since = state["began"] if look.long else state["since"]
        return Fetched(tuple(raws), {"since": since, "looked": state["began"]}, left=0)
    left = sum(int(w[2]) for w in waiting) if waiting else None
    if graph.nearly_spent:
        return Fetched(tuple(raws), state | {"rest": (now + EVERY).isoformat()}, left=left)
    return Fetched(tuple(raws), state, more=True, left=left)


def several(graph: Graph, walks: Mapping[str, Edges], cursor: Mapping[str, Any], limit: int, now: datetime) -> Fetched:
    """A call's worth of the first walk that has more to do. Each has a cursor of its own, by its name; one that the
    token may not do is listed with its reason and stops none of the others."""
    state = {name: found for name in walks if isinstance(found := cursor.get(name), dict)}
    raws: list[Raw] = []
    failures: list[GraphFailed] = []
    left, more = 0, False
    for name, edges in walks.items():
        try:
            found = sweep(graph, edges, state.get(name, {}), max(1, limit - len(raws)), now)
        except GraphFailed as failure:
            if not failure.forbidden:
                raise
            failures.append(failure)
            raws.append(fault(f"What was said before ({name})", failure))
            continue
        raws += found.deliveries
        state[name], left = dict(found.cursor), left + (found.left or 0)
        if found.more:
            more = True
            break
    if len(failures) == len(walks):
        raise failures[0]
    return Fetched(tuple(raws), state, more=more, left=left)


def long_is_due(state: Mapping[str, Any], now: datetime) -> bool:
    since = when(state, "since")
    return since is None or now - since >= EVERY or since > now


def look_of(state: Mapping[str, Any], edges: Edges) -> Look:
    since, looked = when(state, "since"), when(state, "looked")
    if state.get("long") or since is None:
        return Look(since - edges.back if since else None, long=True)
    return Look((looked or since) - OVERLAP, long=False)


def parents(
    graph: Graph, edges: Edges, page: Any, limit: int, look: Look
) -> tuple[list[Raw], list[list[Any]], dict[str, str]]:
    """A page of parents with their first children: deliveries, whose children go on, and the next page."""
    on = {k: str(v) for k, v in page.items() if k in ON} if isinstance(page, dict) else {}
    answer = graph.get(
        edges.parents, fields=edges.fields, limit=max(1, min(edges.page, limit)), **(dict(edges.more or {}) | on)
    )
    found = data_of(answer)
    raws: list[Raw] = []
    waiting: list[list[Any]] = []
    for parent in found:
        inner = parent.get(edges.children)
        first = objects(inner, "data")
        if edges.itself:
            raws.append(delivery(edges, {"data": [{k: v for k, v in parent.items() if k != edges.children}]}))
        kept = {name: parent[name] for name in edges.kept if name in parent}
        raws += [delivery(edges, {"parent": kept, "data": [child]}) for child in first]
        after = next_page(inner).get("after", "")
        if after and not too_old(last(first), edges.child_time, look.floor):
            waiting.append(
                [words(parent, "id"), after, max(0, (whole(inner, "summary.total_count") or 0) - len(first))]
            )
    on_and_on = look.long and not too_old(last(found), edges.time, look.floor)
    following = next_page(answer) if on_and_on else {}
    return raws, waiting, following if following != on else {}


def children(
    graph: Graph, edges: Edges, waiting: list[list[Any]], limit: int, look: Look
) -> tuple[list[Raw], list[list[Any]]]:
    """A page of the first waiting parent's children."""
    (parent, after, left), *others = waiting
    params = dict(edges.child_more or {}) | {"fields": edges.child_fields, "limit": max(1, min(100, limit))}
    try:
        answer = graph.get(f"{parent}/{edges.children}", after=after, **params)
    except GraphFailed as failure:
        if failure.gone:  # deleted since
            return [], others
        raise
    found = data_of(answer)
    following = next_page(answer).get("after", "")
    if following and following != after and found and not too_old(last(found), edges.child_time, look.floor):
        others.insert(0, [parent, following, max(0, int(left) - len(found))])
    return [delivery(edges, {"parent": {"id": parent}, "data": [child]}) for child in found], others


def data_of(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The things of a page. An answer without them is no empty page, or a walk would seem to have ended."""
    if not isinstance(answer.get("data"), list):
        raise GraphFailed("Meta answered with something that is no list. Try again later.", permanent=False)
    return objects(answer, "data")


def too_old(thing: Mapping[str, Any] | None, name: str, floor: datetime | None) -> bool:
    at = when(thing, name) if thing and floor else None
    return at is not None and floor is not None and at < floor


def last(things: list[dict[str, Any]]) -> dict[str, Any] | None:
    return things[-1] if things else None


def next_page(answer: Any) -> dict[str, str]:
    """How to ask for the next page, without the token that Meta writes into its address."""
    url = words(answer, "paging.next")
    if not url:
        return {}
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items() if name in ON}
    after = words(answer, "paging.cursors.after")
    return asked or ({"after": after} if after else {})


def delivery(edges: Edges, content: Mapping[str, Any]) -> Raw:
    """As it came, under a name that tells it from a hook's. What has not changed is the same delivery, though the
    addresses of its files are new every time."""
    body = without_paging({"object": edges.name, "entry": [], **content})
    return Raw(json.dumps(body, ensure_ascii=False).encode(), key=digest(json.dumps(lasting(body), sort_keys=True)))


def without_paging(value: Any) -> Any:
    """Paging holds the token."""
    if isinstance(value, dict):
        return {name: without_paging(inner) for name, inner in value.items() if name != "paging"}
    return [without_paging(inner) for inner in value] if isinstance(value, list) else value


def lasting(value: Any) -> Any:
    """The value without web addresses."""
    if isinstance(value, dict):
        return {name: lasting(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [lasting(inner) for inner in value]
    return "" if isinstance(value, str) and value.startswith(("https://", "http://")) else value
