"""A JSON column that is encrypted at rest with a key kept outside the store."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models

from crowdalogue.errors import Failure


@lru_cache
def cipher(key: str) -> Fernet:
    return Fernet(key.encode())


if TYPE_CHECKING:
    Text = models.TextField[dict[str, Any], dict[str, Any]]
else:
    Text = models.TextField


class SecretJSONField(Text):
    """Passwords and tokens: a JSON object in memory, a Fernet token in the store."""

    def get_prep_value(self, value: Any) -> str:
        return cipher(settings.FIELD_KEY).encrypt(json.dumps(value or {}).encode()).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> dict[str, Any]:
        if not value:
            return {}
        try:
            opened: dict[str, Any] = json.loads(cipher(settings.FIELD_KEY).decrypt(value.encode()))
        except InvalidToken:
            raise Failure(
                "A stored password cannot be opened: secret.key in CROWDALOGUE_HOME is not the one it was "
                "locked with. Put the old secret.key back, or enter the channel's passwords again."
            ) from None
        return opened

    def to_python(self, value: Any) -> Any:
        return value
