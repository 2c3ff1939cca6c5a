"""Signing in: nobody signs up by themselves, and every sign-in leaves a line in the audit."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_changed
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from crowdalogue.models import Audit, User
from crowdalogue.models.secret import cipher


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People are added under Settings, Team; the first one on the first-run page."""
        return False

    def add_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Signing in is plain to see; no message says it again."""


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]
    """The secrets of second factors are encrypted at rest, with the key kept outside the store."""

    def encrypt(self, text: str) -> str:
        return cipher(settings.FIELD_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher(settings.FIELD_KEY).decrypt(encrypted_text.encode()).decode()


def record(deed: str, request: HttpRequest | None, user: User | None, who: str = "", **facts: Any) -> None:
    Audit.objects.create(
        user=user if user and user.pk else None,
        who=(who or str(user or ""))[:200],
        deed=deed,
        facts=facts,
        address=(request.META.get("REMOTE_ADDR", "") if request else "")[:64],
    )


def _signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    record("signed_in", request, user)


def _signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record("signed_out", request, user)


def _refused(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    # Only the name that was tried; never what was typed as a password.
    tried = str(credentials.get("email") or credentials.get("username") or "")
    record("sign_in_refused", request, None, who=tried)


def _password(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    record("changed_password", request, user)


def _second_on(sender: Any, request: HttpRequest, user: User, authenticator: Any, **kwargs: Any) -> None:
    record("two_factor_added", request, user, kind=str(authenticator.type))


def _second_off(sender: Any, request: HttpRequest, user: User, authenticator: Any, **kwargs: Any) -> None:
    record("two_factor_removed", request, user, kind=str(authenticator.type))


def connect() -> None:
    """Listen to the signals; safe to call again."""
    for signal, heard in (
        (user_logged_in, _signed_in),
        (user_logged_out, _signed_out),
        (user_login_failed, _refused),
        (password_changed, _password),
        (authenticator_added, _second_on),
        (authenticator_removed, _second_off),
    ):
        signal.connect(heard, dispatch_uid=f"crowdalogue.signin.{heard.__name__}")


connect()
