"""What changed, ids only: the row a browser's stream is woken by and resumes from."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now


class LiveEvent(models.Model):
    kind = models.CharField(max_length=24)  # conversation, reply, import, account, facts, ...
    object_id = models.BigIntegerField()
    at = models.DateTimeField(default=now, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
