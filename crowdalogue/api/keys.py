"""Who is calling: a token in `Authorization: Bearer`, and what its person may do."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from crowdalogue.errors import Refused
from crowdalogue.models import Token, User

log = logging.getLogger(__name__)

BAD_A_MINUTE = 20  # wrong tokens from one address
USED_EVERY = timedelta(minutes=1)
WORDS = {
    "read": "read conversations",
    "answer": "answer or change conversations",
    "enter": "enter messages",
    "explore": "see figures or correct readings",
    "export": "export",
    "import": "import",
    "manage": "manage channels",
}

Row = TypeVar("Row", bound=Model)


class Bearer(HttpBearer):
    """`Authorization: Bearer cw_...`; a token is made under Settings, Tokens or by `crowdalogue token`."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        now = timezone.now()
        digest = Token.digest_of(token)
        found = Token.objects.select_related("user").filter(digest=digest, ended_at=None, user__is_active=True).first()
        if found is None:
            count_bad(request)
            return None
        Token.objects.filter(Q(used_at=None) | Q(used_at__lt=now - USED_EVERY), pk=found.pk).update(used_at=now)
        return found.user


def count_bad(request: HttpRequest) -> None:
    """Raise `Refused` (429) where an address keeps trying wrong tokens."""
    key = f"api-bad-token-{request.META.get('REMOTE_ADDR', '')}"
    cache.add(key, 0, timeout=60)
    try:
        tried = cache.incr(key)
    except ValueError:  # it ran out between the two
        return
    if tried > BAD_A_MINUTE:
        if tried == BAD_A_MINUTE + 1:
            log.warning("many wrong API tokens from one address")
        raise Refused(
            "Too many wrong tokens from this address. Wait a minute; then use a token that is right.", status=429
        )


def who(request: HttpRequest, right: str = "read") -> User:
    """The person the token acts for. Raises `Refused` (403) where their role lacks the right."""
    user: User = request.auth  # type: ignore[attr-defined]
    if not user.may(right):
        text = f"The role of this token's person does not include: {WORDS.get(right, right)}. An owner can change it."
        raise Refused(text, status=403)
    return user


def fetch(rows: QuerySet[Any], pk: int, what: str) -> Any:
    """One row of those its person may see. Raises `Refused` (404), the same for absent and for hidden."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Refused(f"There is no {what} {pk} that this token may see.", status=404)
    return row
