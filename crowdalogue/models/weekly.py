"""The weekly page, who is told of it, and questions to analysts with their answers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from crowdalogue.models.team import User


class Concern(models.Model):
    """What one person answers for: a product, a region, a channel. They get its own weekly page.

    `query` is the filter bar's address without a period; empty is everything.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="concerns")
    name = models.CharField(max_length=120)
    query = models.CharField(max_length=1000, blank=True)
    by_mail = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("name", "pk")
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "query"], name="concern_once")]

    def __str__(self) -> str:
        return self.name


class WeeklyPage(models.Model):
    """What changed in one week, as it was known when it was composed. `query` is that of a concern, or empty."""

    start = models.DateField()  # a Monday
    query = models.CharField(max_length=1000, blank=True)
    content = models.JSONField(default=dict)  # relate/weekly.py
    composed_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["start", "query"], name="weekly_page_once")]

    def __str__(self) -> str:
        return f"{self.start} {self.query}".strip()


class WeeklyMail(models.Model):
    """That one person is sent one weekly page, once."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENT = "sent", "Delivered"
        FAILED = "failed", "Not delivered"

    page = models.ForeignKey(WeeklyPage, on_delete=models.CASCADE, related_name="mails")
    concern = models.ForeignKey(Concern, on_delete=models.CASCADE, related_name="mails")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    not_before = models.DateTimeField(default=now)
    created_at = models.DateTimeField(default=now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["page", "concern"], name="weekly_mail_once")]
        indexes: ClassVar = [models.Index(fields=["not_before"], name="weekly_mail_waits", condition=Q(state="queued"))]

    def __str__(self) -> str:
        return f"{self.page} to {self.concern}"


class Question(models.Model):
    """A question to the analysts: it has an owner, a date and an answer that the next asker finds."""

    text = models.CharField(max_length=500)
    query = models.CharField(max_length=1000, blank=True)  # address inside Crowdalogue it was asked about
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="questions")
    due = models.DateField(null=True, blank=True)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(default=now)
    vector = models.BinaryField(null=True, blank=True)  # of text and answer, float16 little endian

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-asked_at"], name="question_newest")]

    def __str__(self) -> str:
        return self.text[:80]
