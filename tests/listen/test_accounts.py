"""Accounts: secrets apart from settings, and every change on record."""

from __future__ import annotations

import pytest
from django.db import connection

from crowdalogue.channels import open_channel
from crowdalogue.listen import accounts
from crowdalogue.models import Account, Audit, User

pytestmark = pytest.mark.django_db
GIVEN = {"from_address": "help@example.com", "imap_secret": "top secret", "unknown": "left out"}


def test_secrets_are_encrypted_and_open_again(owner: User) -> None:
    account = accounts.make("email", "Care", open_channel("email", GIVEN), GIVEN, user=owner)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets, settings FROM crowdalogue_account WHERE id = %s", [account.pk])
        stored = "".join(str(part) for part in cursor.fetchone())
    assert "top secret" not in stored
    assert "unknown" not in stored
    assert Account.objects.get(pk=account.pk).all_settings["imap_secret"] == "top secret"
    assert Audit.objects.get().deed == "connected"


def test_a_secret_left_empty_stays(owner: User) -> None:
    account = accounts.make("email", "Care", open_channel("email", GIVEN), GIVEN)
    changed = {"from_address": "care@example.com", "imap_secret": ""}
    accounts.change(account, open_channel("email", changed), changed, user=owner)
    account.refresh_from_db()
    assert account.all_settings["from_address"] == "care@example.com"
    assert account.all_settings["imap_secret"] == "top secret"


def test_entries_by_hand_have_one_account_a_kind() -> None:
    assert accounts.by_hand("phone") == accounts.by_hand("phone")
    assert accounts.by_hand("phone") != accounts.by_hand("store")
