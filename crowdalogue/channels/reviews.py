"""What channels of reviews share: our one public answer to a review, and knowing a review again that was changed.

A place of reviews shows one answer of the business to each review; a second one takes its place. Here each is a message
of ours, called by the review and its own words, so that the answer we sent and the one read back are the same message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crowdalogue.channels.base import Author, Incoming, Raw
from crowdalogue.channels.picking import digest

__all__ = ["EDITED", "Known", "delivery", "own_reply", "reply_id"]

EDITED = "x-edited"  # a header of deliveries of a review that was read in other words before
MAX_KNOWN = 2000


def reply_id(review: str, text: str) -> str:
    """What our answer to a review is called."""
    return f"{review}:reply:{digest(' '.join(text.split()))[:16]}"


def own_reply(review: str, text: str, at: datetime | None, who: str, **more: Any) -> Incoming:
    """Our answer as it stands there; `who` names the business."""
    return Incoming(
        external_id=reply_id(review, text),
        author=Author("us", who, ours=True),
        text=text,
        sent_at=at,
        parents=(review,),
        threads=(review,),
        public=True,
        **more,
    )


class Known:
    """Which reviews were read before, in few bytes: for places that do not say whether a review was changed."""

    def __init__(self, cursor: Mapping[str, Any]) -> None:
        known = cursor.get("known")
        self.names = [str(n) for n in known][:MAX_KNOWN] if isinstance(known, list) else []
        self.before = frozenset(self.names)

    def meet(self, review: str) -> bool:
        """Whether this review was read before now."""
        name = digest(review)[:10]
        if name in self.before:
            return True
        if name not in self.names[:MAX_KNOWN]:
            self.names.insert(0, name)
        return False

    @property
    def cursor(self) -> list[str]:
        return self.names[:MAX_KNOWN]


def delivery(review: Mapping[str, Any], said: Sequence[str], **headers: str) -> Raw:
    """A review as the place wrote it; `said` is what makes it another delivery when it changes, its id first."""
    body = json.dumps(review, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    named = {"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items() if v}
    return Raw(body, named, key=digest("\n".join(said)))
