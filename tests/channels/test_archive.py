"""Kinds that only hold what was imported."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crowdalogue.channels.archive import Archive, archive_class, readable
from crowdalogue.channels.base import Author, Outgoing, Raw, Refused, SendError


def test_an_archive_takes_and_sends_nothing() -> None:
    archive = Archive.of("x")
    assert (archive.kind, archive.label, archive.icon, archive.public) == ("x", "X", "i-post", True)
    assert not (archive.replies or archive.polls or archive.receives_hooks)
    with pytest.raises(Refused) as caught:
        archive.verify(Raw(b""), datetime(2026, 1, 1, tzinfo=UTC))
    assert caught.value.status == 404
    with pytest.raises(SendError, match="X cannot be answered from here"):
        archive.send(Outgoing("k", Author("a"), "text"))


def test_unknown_kinds_are_readable() -> None:
    assert Archive.of("app_store").label == "App store"
    assert readable("") == "Archive"
    assert archive_class("x") is archive_class("x")
    assert archive_class("x").kind != archive_class("social").kind
