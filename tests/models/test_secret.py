"""Passwords of channels are unreadable in the store, and a foreign key opens none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from crowdalogue.errors import Failure
from crowdalogue.models import Account


def stored(account: Account) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM crowdalogue_account WHERE id = %s", [account.pk])
        return str(cursor.fetchone()[0])


def test_secrets_come_back_and_are_not_in_the_store(account: Callable[..., Account]) -> None:
    row = account("email", secrets={"imap_secret": "hunter2-hunter2"})
    assert "hunter2" not in stored(row)
    assert Account.objects.get(pk=row.pk).secrets == {"imap_secret": "hunter2-hunter2"}
    assert row.all_settings["imap_secret"] == "hunter2-hunter2"


def test_the_same_secret_twice_looks_different(account: Callable[..., Account]) -> None:
    one, two = account("email", secrets={"a": "same"}), account("email", secrets={"a": "same"})
    assert stored(one) != stored(two)


def test_another_key_opens_nothing_and_says_what_to_do(account: Callable[..., Account], settings: Any) -> None:
    row = account("email", secrets={"a": "b"})
    settings.FIELD_KEY = Fernet.generate_key().decode()
    with pytest.raises(Failure, match=r"secret\.key"):
        Account.objects.get(pk=row.pk)
