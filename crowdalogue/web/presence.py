"""Who else has this conversation open, and whether they write: so that a customer never gets two answers.

Each open page says every ten seconds that it is here; who has been silent for twenty-five is gone. Kept in the
cache, never in the store: losing it costs nothing. With several web processes each knows its own pages only.
"""

from __future__ import annotations

import time
from threading import Lock

from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from crowdalogue.web.frame import needs, person
from crowdalogue.web.inbox import seen

SILENT_S = 25
Present = dict[int, tuple[str, bool, float]]  # user id -> name, writing, when they last said so
_lock = Lock()


def arrive(conversation: int, user: int, name: str, writing: bool, now: float, leave: bool = False) -> Present:
    """Note one person, forget the silent ones, and return the others."""
    key = f"present:{conversation}"
    with _lock:
        here: Present = {u: p for u, p in cache.get(key, {}).items() if now - p[2] < SILENT_S and u != user}
        others = dict(here)
        if not leave:
            here[user] = (name, writing, now)
        cache.set(key, here, SILENT_S)
    return others


def words(others: Present) -> str:
    """Hana Helper is writing. Mani Manager is reading this too."""
    writing = sorted(p[0] for p in others.values() if p[1])
    reading = sorted(p[0] for p in others.values() if not p[1])
    said = [f"{' and '.join(writing)} {'is' if len(writing) == 1 else 'are'} writing an answer." if writing else ""]
    said.append(f"{' and '.join(reading)} {'is' if len(reading) == 1 else 'are'} reading this too." if reading else "")
    return " ".join(s for s in said if s)


def visitor_key(conversation: int) -> str:
    """Where the cache says for a few seconds that the customer is writing (web/talk.py)."""
    return f"visitor-writes:{conversation}"


@require_POST
@needs("read")
def here(request: HttpRequest, pk: int) -> JsonResponse:
    """POST writing=1 while something is written, leave=1 when the page goes. Returns {words, writing}."""
    user, row = person(request), seen(request, pk)
    given = request.POST
    others = arrive(row.pk, user.pk, str(user), given.get("writing") == "1", time.time(), given.get("leave") == "1")
    customer = "The customer is writing." if cache.get(visitor_key(row.pk)) else ""
    told = " ".join(said for said in (words(others), customer) if said)
    return JsonResponse({"words": told, "writing": any(p[1] for p in others.values())})
