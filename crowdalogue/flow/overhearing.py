"""What is said without us: watches try every message that was read, go through the past, and ask channels."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from crowdalogue import live
from crowdalogue.errors import Failure
from crowdalogue.flow.inwards import channel_of, understand
from crowdalogue.listen import searching, watches

log = logging.getLogger(__name__)
ASKED_FOR = 100  # messages in one search
# A batch that was being read when a watch was saved knows nothing of it, and its languages are not written yet.
SETTLED = timedelta(seconds=5)


def overhear(limit: int = ASKED_FOR) -> bool:
    """Let the watch that is due longest search one account. Returns whether one was due.

    What it finds is kept with the cursor that covers it, then filed as overheard. A failure is kept on the search,
    with its remedy, and the search waits; the others go on.
    """
    now = timezone.now()
    search = searching.claim(now)
    if search is None:
        searching.plan(now)
        return False
    channel = channel_of(search.account)
    try:
        fetched = searching.ask(search, channel, limit)
    except Failure as failure:
        log.warning("watch %s cannot search account %s: %s", search.watch_id, search.account_id, failure.text)
        live.announce("watch", search.watch_id)
        return True
    except Exception as error:
        log.exception("the search of %s broke", channel.kind)
        broken = Failure(f"The search of {channel.label} broke ({type(error).__name__}). Please report it.")
        searching.note_failure(search, broken, timezone.now())
        return True
    rows = searching.keep(search, fetched, timezone.now())
    understand(rows, search.account, channel)
    live.announce("watch", search.watch_id)
    return True


def watch() -> bool:
    """One turn of the worker: a step into the past of one watch, and one search. Returns whether to go on at once."""
    filled = watches.fill(timezone.now() - SETTLED)
    return overhear() or filled
