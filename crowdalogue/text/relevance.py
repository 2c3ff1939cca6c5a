"""Search by meaning, mixed with words: what says the same in other words, the nearest first.

The question and every message are vectors of one encoder (`encoder`), compared by their cosine; a message that has
the question's very words counts for more. Filters are those of the search by word. The encoder was trained on
English: in other languages what is found has mostly words in common.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crowdalogue.models import Message
from crowdalogue.text import encoder, index, meaning, search
from crowdalogue.text.encoder import Floats
from crowdalogue.text.query import Query, Term, parse
from crowdalogue.text.search import Hit, Hits
from crowdalogue.text.snippet import LENGTH, Span, found

WIDTHS = (1_000, 10_000, 50_000)  # messages looked at; more where filters leave too few of them
RANKED = 1_000  # whole vectors read for one page
WITH_THE_WORDS = 200  # newest messages with all the words, which are ranked too
FOR_WORDS = 0.15  # added to the cosine of a message that has all the words of the question
LEAST = 0.3  # below this a message is about something else, unless it has the words
DEEPEST = 300  # places; beyond them nothing is near
SENTENCES = 12  # of a long message, compared to find the one to show
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*\s*")
_NEWEST = 1 << 62


def search_meaning(
    user: Any, typed: str, *, filters: Mapping[str, str] | None = None, limit: int = 30, skip: int = 0
) -> Hits:
    """Messages this person may see, the nearest in meaning first. Never raises for what was typed.

    `Hits.after` is the `skip` of the next page. Copies of one text are shown once.
    """
    query = parse(typed, filters, today=search.today_of(user))
    asked = " ".join(term.text for term in query.terms)
    if not asked:
        problem = query.problem or ("Say in words what you look for." if typed.strip() else "")
        return Hits((), False, query, problem)
    try:
        vector = encoder.encode([asked])[0]
    except encoder.EncoderMissing as missing:
        return Hits((), False, query, f"Search by meaning does not work here. {missing}")
    plan = search.plan_of(query, user)
    if plan.nothing:
        return Hits((), False, query, plan.nothing)
    wanted = min(skip + limit, DEEPEST)
    ordered = once(ordered_by_meaning(user, plan, query, vector, wanted))
    shown = ordered[skip:wanted]
    more = len(ordered) > wanted and wanted < DEEPEST
    rows = hits(user, shown, query, vector)
    return Hits(rows, more, query, query.problem, wanted if more else None)


def ordered_by_meaning(user: Any, plan: search.Plan, query: Query, vector: Floats, wanted: int) -> list[int]:
    """Ids of what is near enough, the nearest first."""
    with_words = search.narrow(user, plan, index.newest(plan.lookup, _NEWEST, WITH_THE_WORDS), words=True)
    near = near_of(user, plan, vector, wanted)
    close = meaning.rank(vector, {*near, *with_words})
    # Rows without a vector have at least the words.
    close |= {pk: LEAST for pk in with_words if pk not in close}
    shares = share_of_words(close, query)
    score = {pk: value + FOR_WORDS * shares[pk] for pk, value in close.items() if pk in shares}
    kept = [pk for pk, value in score.items() if close[pk] >= LEAST or shares[pk] == 1.0]
    return sorted(kept, key=lambda pk: (-score[pk], -pk))


def near_of(user: Any, plan: search.Plan, vector: Floats, wanted: int) -> list[int]:
    """The nearest the plan accepts, looking further out where it accepts few."""
    kept: list[int] = []
    seen = 0
    for width in WIDTHS:
        ids = meaning.nearest(vector, width)
        allowed = set(search.narrow(user, plan, ids[seen:], words=False))
        kept += [pk for pk in ids[seen:] if pk in allowed]
        seen = len(ids)
        if len(kept) >= 3 * wanted or seen < width:
            break
    return kept[:RANKED]


def share_of_words(ids: Mapping[int, float], query: Query) -> dict[int, float]:
    """What part of the terms each message has; one with an unwanted term is left out."""
    terms: tuple[Term, ...] = tuple(dict.fromkeys(query.terms))
    shares = {}
    for pk, subject, text in Message.objects.filter(pk__in=list(ids)).values_list("pk", "subject", "text"):
        whole = f"{subject} {text[: index.LONGEST_TEXT]}"
        if not any(found(whole, query.unwanted)):
            shares[pk] = sum(any(found(whole, [term])) for term in terms) / len(terms)
    return shares


def once(ordered: list[int]) -> list[int]:
    """Of every group of near-duplicates the one that comes first."""
    rows = Message.objects.filter(pk__in=ordered[: 2 * DEEPEST]).values_list("pk", "reading__duplicate_of")
    group = {pk: first or pk for pk, first in rows}
    seen: set[int] = set()
    kept = []
    for pk in ordered[: 2 * DEEPEST]:
        if pk in group and group[pk] not in seen:
            seen.add(group[pk])
            kept.append(pk)
    return kept


# --- showing


def hits(user: Any, ids: Sequence[int], query: Query, vector: Floats) -> tuple[Hit, ...]:
    rows = {hit.message.pk: hit for hit in search.hits_of(user, list(ids), query)}
    return tuple(telling(rows[pk], query, vector) for pk in ids if pk in rows)


def telling(hit: Hit, query: Query, vector: Floats) -> Hit:
    """The same hit, showing the sentence nearest to the question where a long text has none of its words."""
    text = hit.message.text
    if hit.spans or len(text) <= LENGTH:
        return hit
    sentences = [m[0].strip() for m in _SENTENCE.finditer(text[:4000]) if len(m[0].strip()) > 8][:SENTENCES]
    if not sentences:
        return hit
    best = sentences[int((encoder.encode(sentences) @ vector).argmax())][:LENGTH]
    spans: tuple[Span, ...] = tuple(found(best, query.terms))
    at = text.find(best)
    return Hit(hit.message, f"{'… ' if at > 0 else ''}{best}", spans if at <= 0 else (), hit.subject_spans)
