"""Signing in: nobody signs up by themselves, every sign-in leaves a line in the audit, and it speaks our words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_changed
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as code_forms
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from crowdalogue.models import Audit, User
from crowdalogue.models.secret import cipher


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People are added under Settings, Team; the first one on the first-run page."""
        return False

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This account is switched off. An owner or manager can switch it on.",
        "email_password_mismatch": "The address or the password is wrong. Type them again.",
        "too_many_login_attempts": "Too many tries with a wrong password. Wait five minutes, then try again.",
        "enter_current_password": "This is not your password. Type the one you signed in with.",
        "incorrect_password": "This is not your password. Type the one you signed in with.",
        "rate_limited": "Too many tries. Wait a minute, then try again.",
    }

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Signing in is plain to see; only what is not is said."""
        if words := SAID.get(message_template or ""):
            messages.success(request, words)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("settings")


SAID = {
    "account/messages/password_changed.txt": "Your password is changed.",
    "mfa/messages/totp_activated.txt": "Two-factor sign-in is on. Keep the recovery codes where you keep passwords.",
    "mfa/messages/totp_deactivated.txt": "Two-factor sign-in is off.",
}


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]
    """The secrets of second factors are encrypted at rest, with the key kept outside the store."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right or no longer right. Type the one your phone shows now.",
    }

    def encrypt(self, text: str) -> str:
        return cipher(settings.FIELD_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher(settings.FIELD_KEY).decrypt(encrypted_text.encode()).decode()


LABELS = {
    "login": "E-mail address",
    "password": "Password",
    "remember": "Stay signed in on this device",
    "oldpassword": "The password you have",
    "password1": "A new password",
    "password2": "The new password again",
    "code": "Code from your phone",
}


class Worded:
    """A form of the sign-in with our labels, and without texts in its fields that repeat them."""

    fields: dict[str, Any]
    begins = ""  # the field that has the focus when the page opens

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.begins:
            self.fields[self.begins].widget.attrs |= {"autofocus": True}
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.help_text = ""
            field.widget.attrs.pop("placeholder", None)
        if code := self.fields.get("code"):
            code.widget.attrs |= {"inputmode": "numeric"}


class LoginForm(Worded, account_forms.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The address is kept when the password was wrong; what is typed next is the password.
        self.fields["password" if self.is_bound else "login"].widget.attrs |= {"autofocus": True}


class ChangePasswordForm(Worded, account_forms.ChangePasswordForm):  # type: ignore[misc]
    begins = "oldpassword"


class FirstPasswordForm(Worded, account_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    begins = "password1"


class ReauthenticateForm(Worded, account_forms.ReauthenticateForm):  # type: ignore[misc]
    begins = "password"


class CodeForm(Worded, code_forms.AuthenticateForm):  # type: ignore[misc]
    begins = "code"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = "Or one of your recovery codes."


class CodeAgainForm(Worded, code_forms.ReauthenticateForm):  # type: ignore[misc]
    begins = "code"


class FirstCodeForm(Worded, ActivateTOTPForm):  # type: ignore[misc]
    pass


def forgotten(request: HttpRequest) -> HttpResponse:
    """No mail is sent for a new password: colleagues make a link, or whoever runs the machine types one command."""
    return render(request, "account/password_reset.html")


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
