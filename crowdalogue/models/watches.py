"""Watches: saved queries for what is said without naming us, what they found, and where they asked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from crowdalogue.models.listen import Account, Brand, Message, Seen
from crowdalogue.models.team import User


class Watch(models.Model):
    """A query over everything received and over channels that can be searched. `query` is plain data."""

    class Purpose(models.TextChoices):
        BRAND = "brand", "Our brand"
        PRODUCT = "product", "A product"
        NEED = "need", "A need"
        COMPETITOR = "competitor", "A competitor"
        INDUSTRY = "industry", "Industry news"

    name = models.CharField(max_length=120, unique=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.SET_NULL)
    query = models.JSONField(default=dict)  # any, all, none, near, languages, place, reach, kinds
    active = models.BooleanField(default=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)
    seen_id = models.PositiveBigIntegerField(default=0)  # the past is tried downwards: the next id, 0 when done
    hits_count = models.PositiveIntegerField(default=0)

    objects = Seen.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class WatchHit(models.Model):
    """A message a watch caught; `right` is a person's judgement, null where nobody judged."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="hits")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="watch_hits")
    at = models.DateTimeField(default=now)
    right = models.BooleanField(null=True, blank=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    judged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watch", "message"], name="hit_once")]
        indexes = [
            models.Index(fields=["watch", "-id"], name="hit_newest"),
            models.Index(fields=["watch", "right"], name="hit_judged", condition=Q(right__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.watch_id}: {self.message_id}"


class WatchSearch(models.Model):
    """How far a watch has asked one account that can be searched; the cursor is saved with the rows it covers."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="searches")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    cursor = models.JSONField(default=dict, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(default=now)  # when to ask again

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watch", "account"], name="search_once")]

    def __str__(self) -> str:
        return f"{self.watch_id} at {self.account_id}"
