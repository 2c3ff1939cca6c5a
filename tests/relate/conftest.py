"""Columns in a folder of their own for every test, and rows to fill them with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crowdalogue.models import Account, Brand, Conversation, Handle, Message, Person, Reading, Wait

NOW = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)  # a Thursday


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.HOME = tmp_path
    yield tmp_path / "columns"


class Maker:
    """Makes rows directly, one small piece at a time."""

    def __init__(self) -> None:
        self.count = itertools.count(1)

    def account(self, kind: str = "email") -> Account:
        return Account.objects.get_or_create(kind=kind, name=kind)[0]

    def person(self, name: str = "Mara") -> tuple[Person, Handle]:
        person = Person.objects.create(name=name)
        handle = Handle.objects.create(kind="email", address=f"p{next(self.count)}@example.com", person=person)
        return person, handle

    def conversation(
        self, *, channel: str = "email", brand: Brand | None = None, at: datetime = NOW, **more: Any
    ) -> Any:
        more.setdefault("opened_by_customer", True)
        return Conversation.objects.create(
            account=self.account(channel), kind=channel, brand=brand, first_at=at, last_at=at, **more
        )

    def message(
        self,
        conversation: Conversation | None = None,
        *,
        at: datetime = NOW,
        direction: str = "in",
        sentiment: str = "",
        reading: dict[str, Any] | None = None,
        **more: Any,
    ) -> Message:
        conversation = conversation or self.conversation(at=at)
        more.setdefault("changed_at", datetime.now(UTC))
        message: Message = Message.objects.create(
            account=conversation.account,
            external_id=f"m{next(self.count)}",
            conversation=conversation,
            direction=direction,
            channel=conversation.kind,
            sent_at=at,
            **more,
        )
        if sentiment or reading:
            Reading.objects.create(message=message, version="1", sentiment=sentiment, **(reading or {}))
        return message

    def wait(self, conversation: Conversation, *, at: datetime = NOW, answer_s: int | None = None, **more: Any) -> Wait:
        more.setdefault("number", conversation.waits.count() + 1)
        more.setdefault("first", more["number"] == 1)
        answered = at + timedelta(seconds=answer_s) if answer_s is not None else None
        made: Wait = Wait.objects.create(
            conversation=conversation, started_at=at, answered_at=answered, calendar_s=answer_s, **more
        )
        return made


@pytest.fixture
def make(db: None) -> Maker:
    return Maker()
