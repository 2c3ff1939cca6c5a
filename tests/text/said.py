"""Messages for the tests of search, filed quickly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crowdalogue.models import Account, Conversation, Message, User
from crowdalogue.text.search import search

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


class Said:
    """Files texts quickly, each a minute after the one before."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.count = 0

    def __call__(self, *texts: str, **more: object) -> list[Message]:
        conversation = Conversation.objects.create(
            account=more.pop("account", self.account),
            kind="email",
            brand=more.pop("brand", None),
            first_at=START,
            last_at=START,
        )
        rows = []
        for text in texts:
            self.count += 1
            given = {
                "account": conversation.account,
                "external_id": f"x{self.count}",
                "conversation": conversation,
                "direction": "in",
                "channel": conversation.account.kind,
                "sent_at": START + timedelta(minutes=self.count),
                "text": text,
            }
            rows.append(Message(**{**given, **more}))
        return Message.objects.bulk_create(rows)


def texts(user: User, typed: str, **more: object) -> list[str]:
    return [hit.message.text for hit in search(user, typed, **more).rows]  # type: ignore[arg-type]
