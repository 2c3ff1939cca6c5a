"""Accounts: secrets go to the secret column, unknown settings nowhere, and changes are recorded without values."""

from __future__ import annotations

import pytest

from crowdalogue.channels import open_channel
from crowdalogue.listen import accounts
from crowdalogue.models import Audit, User

pytestmark = pytest.mark.django_db
GIVEN = {"from_address": "help@example.com", "imap_host": "imap.example.com", "imap_secret": "hunter2", "unknown": "x"}


def test_settings_are_parted_by_the_channels_fields(owner: User) -> None:
    channel = open_channel("email", GIVEN)
    row = accounts.make("email", "Help", channel, GIVEN, user=owner)
    row.refresh_from_db()
    assert row.settings == {"from_address": "help@example.com", "imap_host": "imap.example.com"}
    assert row.secrets == {"imap_secret": "hunter2"}
    record = Audit.objects.get()
    assert (record.deed, record.user) == ("connected", owner)
    assert "hunter2" not in str(vars(record))


def test_a_secret_left_empty_stays(owner: User) -> None:
    row = accounts.make("email", "Help", open_channel("email", GIVEN), GIVEN)
    row.state, row.last_error, row.failures = "broken", "The password is wrong.", 4
    row.save()
    changed = {**GIVEN, "imap_host": "mail.example.com", "imap_secret": ""}
    accounts.change(row, open_channel("email", changed), changed, user=owner)
    row.refresh_from_db()
    assert row.settings["imap_host"] == "mail.example.com"
    assert row.secrets == {"imap_secret": "hunter2"}
    assert (row.state, row.last_error, row.failures) == ("active", "", 0)


def test_entries_by_hand_have_one_account_a_kind() -> None:
    assert accounts.by_hand("phone") == accounts.by_hand("phone")
    assert accounts.by_hand("phone") != accounts.by_hand("store")
    assert accounts.by_hand("phone").name == "Phone calls"
