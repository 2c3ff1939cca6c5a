"""Conversations to look at: filed through the same door as everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, Brand, Conversation
from crowdalogue.web import frame


@pytest.fixture(autouse=True)
def fresh_company() -> Iterator[None]:
    """The web process keeps the company for half a minute; a test must not see the one before."""
    frame.forget()
    yield
    frame.forget()


@pytest.fixture
def mailbox(account: Callable[..., Account], brand: Brand) -> Account:
    return account("email", name="Care", brand=brand, settings={"address": "care@example.com"})


@pytest.fixture
def written(mailbox: Account) -> Callable[..., Conversation]:
    """`written("text", name="Mara", minutes=5)` files a mail and gives its conversation."""
    count = iter(range(1, 1_000_000))

    def make(
        text: str = "My parcel has not come", *, name: str = "Mara Lindqvist", minutes: float = 5, **more: Any
    ) -> Any:
        number = next(count)
        at: datetime = timezone.now() - timedelta(minutes=minutes)
        address = more.pop("address", f"{name.split()[0].lower()}@example.com")
        here = more.pop("account", mailbox)
        item = Incoming(
            external_id=f"<m{number}@example.com>", author=Author(address, name), text=text, sent_at=at, **more
        )
        flow.file(here, [item])
        return Conversation.objects.get(messages__external_id=item.external_id)

    return make
