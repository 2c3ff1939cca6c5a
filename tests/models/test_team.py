"""Roles and what they may do, people, and tokens of which only the digest is kept."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError

from crowdalogue.models import RIGHTS, Token, User


def test_rights_of_each_role(owner: User, manager: User, helper: User, analyst: User, stranger: User) -> None:
    may = {str(user.role): {r for r in RIGHTS["owner"] if user.may(r)} for user in (owner, manager, helper, analyst)}
    assert may["owner"] - may["manager"] == {"own"}
    assert may["agent"] == {"read", "answer", "enter", "explore"}
    assert may["analyst"] == {"read", "explore", "export"}
    assert not any(stranger.may(right) for right in RIGHTS["owner"])
    assert not hasattr(AnonymousUser(), "may")


def test_somebody_who_left_may_nothing(owner: User) -> None:
    owner.is_active = False
    assert not owner.may("read")


def test_an_address_is_one_person_however_it_is_written(helper: User) -> None:
    with pytest.raises(IntegrityError):
        User.objects.create_user("Hana@EXAMPLE.com", "another password")


def test_names_and_initials(helper: User) -> None:
    assert (str(helper), helper.initials) == ("Hana Helper", "HH")
    assert User(email="mara.jansen@example.com").initials == "MJ"


def test_of_a_token_only_the_digest_is_kept(helper: User) -> None:
    token, key = Token.make(helper, "nightly export")
    token.refresh_from_db()
    assert token.digest == Token.digest_of(key)
    assert key not in str(vars(token).values())
    assert key.startswith(token.start)
    assert Token.make(helper, "another")[1] != key
