"""Who works here: the company, its people and their rights, tokens, and the record of what they did."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.timezone import now


class Company(models.Model):
    """The one company of an install. Its row exists once the first run is done."""

    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(default=now)
    rules = models.JSONField(default=dict, blank=True)  # settings of the whole company, by name: standing, apart, ...

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    AGENT = "agent", "Agent"
    ANALYST = "analyst", "Analyst"


# What each role may do. Asked through User.may(); pages and API use the same words.
RIGHTS: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset({"read", "answer", "enter", "explore", "export", "import", "manage", "audit", "own"}),
    Role.MANAGER: frozenset({"read", "answer", "enter", "explore", "export", "import", "manage", "audit"}),
    Role.AGENT: frozenset({"read", "answer", "enter", "explore"}),
    Role.ANALYST: frozenset({"read", "explore", "export"}),
}


class Users(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **more: Any) -> User:
        user = self.model(email=self.normalize_email(email).casefold(), **more)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):
    """Somebody who signs in. The e-mail address is the name they sign in with."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.AGENT)
    timezone = models.CharField(max_length=64, blank=True)
    preferences = models.JSONField(default=dict, blank=True)  # theme, keys off, ...

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Users] = Users()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    @property
    def initials(self) -> str:
        words = str(self).replace("@", " ").replace(".", " ").split()
        return "".join(w[0] for w in words[:2]).upper()

    def may(self, right: str) -> bool:
        return self.is_active and right in RIGHTS.get(self.role, frozenset())


class Token(models.Model):
    """A program's key to the API. Only its digest is kept; the key is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    start = models.CharField(max_length=8)
    created_at = models.DateTimeField(default=now)
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    @classmethod
    def make(cls, user: User, name: str) -> tuple[Token, str]:
        key = "cw_" + secrets.token_urlsafe(32)
        return cls.objects.create(user=user, name=name, digest=cls.digest_of(key), start=key[:8]), key

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"


class Audit(models.Model):
    """Who did what that others must be able to look up: sign-ins, exports, deletions, settings."""

    at = models.DateTimeField(default=now, db_index=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    who = models.CharField(max_length=200, blank=True)  # kept when the account is gone
    deed = models.CharField(max_length=60)  # signed_in, exported, deleted, changed_settings, ...
    what = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    address = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.who} {self.deed} {self.what}"
