"""What the worker does and tries again: whose turn a row is, when it is tried next, and mails to colleagues.

The rows are the jobs. A row that takes part has `state` (with QUEUED and FAILED), `not_before`, `attempts`, `reason`
and `created_at`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model
from django.utils.timezone import now as the_time

from crowdalogue.channels import open_channel
from crowdalogue.channels.base import Author, Outgoing
from crowdalogue.errors import Failure
from crowdalogue.models import Account
from crowdalogue.models.bulk import lease

LEASE = timedelta(minutes=3)  # a worker that died leaves its rows to be tried again after this
BACK_OFF = (timedelta(seconds=20), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30))
LONGEST_TRY = timedelta(hours=24)
LONGEST_REASON = 2000

Row = TypeVar("Row", bound=Model)


def due(model: type[Row], at: datetime, limit: int, *related: str) -> list[Row]:
    """At most `limit` rows to be tried now, with what they are `related` to; each is put off by a lease, so that
    another worker does not try it at the same time."""
    rows: Any = model._default_manager
    mine = lease(rows.filter(state="queued", not_before__lte=at), at + LEASE, limit)
    return list(rows.filter(pk__in=mine).select_related(*related).order_by("pk"))


def next_try(attempts: int) -> datetime:
    """When a row is tried again that was tried so often."""
    return the_time() + BACK_OFF[min(max(attempts, 1), len(BACK_OFF)) - 1]


def given_up(created_at: datetime, failure: Failure) -> bool:
    """Whether trying again cannot help, or has been done for long enough."""
    return failure.permanent or the_time() - created_at > LONGEST_TRY


def put_off(row: Any, failure: Failure, *, over: bool = False) -> None:
    """Keep the reason on the row; it is tried again later unless that cannot help or is `over` for another reason."""
    over = over or given_up(row.created_at, failure)
    type(row).objects.filter(pk=row.pk).update(
        state="failed" if over else "queued", reason=failure.text[:LONGEST_REASON], not_before=next_try(row.attempts)
    )


def mailbox() -> Account | None:
    """What mails to colleagues leave by: the company's first active mailbox."""
    return Account.objects.filter(kind="email", state=Account.State.ACTIVE, demo=False).order_by("pk").first()


def send_mail(key: str, to: Author, subject: str, text: str) -> None:
    """A mail to a colleague. The Message-ID comes from the key: one that is sent again after a cut-off is the same
    mail. Raises Failure with cause and remedy."""
    account = mailbox()
    if account is None:
        raise Failure("There is no mailbox to send from. Connect one under Channels.", permanent=False)
    open_channel("email", account.all_settings).send(Outgoing(key=key, to=to, text=text, subject=subject))
