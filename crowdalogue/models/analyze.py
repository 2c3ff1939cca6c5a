"""What each message means, and where a person said it means something else."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from crowdalogue.models.listen import Message
from crowdalogue.models.team import User


class Reading(models.Model):
    """What was found in one message: one row a message, each step with its version inside.

    `findings` is {step: {"label", "confidence", "words": [[start, end], ...], "version", ...}};
    the columns repeat the labels that lists and filters need, after corrections.
    """

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="reading")
    version = models.CharField(max_length=80)  # of the whole pipeline
    findings = models.JSONField(default=dict)
    language = models.CharField(max_length=12, blank=True)
    sentiment = models.CharField(max_length=12, blank=True)
    intent = models.CharField(max_length=24, blank=True)
    needs_answer = models.BooleanField(null=True)
    urgency = models.CharField(max_length=12, blank=True)
    # Of the newer steps; null and not empty, for SQLite would else write the table anew.
    country = models.CharField(max_length=3, null=True, blank=True)
    hearsay = models.CharField(max_length=12, null=True, blank=True)
    product = models.CharField(max_length=120, null=True, blank=True)  # the surest one's name
    duplicate_of = models.BigIntegerField(null=True, blank=True)  # id of the first message of its near-duplicate group
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [
            models.Index(fields=["duplicate_of"], name="reading_of_copies", condition=Q(duplicate_of__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.sentiment} {self.intent}"


class Band(models.Model):
    """A piece of a message's near-duplicate signature, to find its copies by look-up."""

    band = models.BigIntegerField()
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="bands")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["band", "message"], name="band_once")]

    def __str__(self) -> str:
        return str(self.band)


class Embedding(models.Model):
    """The message as a unit vector, float16 little endian, 384 long."""

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="embedding")
    vector = models.BinaryField()
    version = models.CharField(max_length=40)

    def __str__(self) -> str:
        return str(self.message_id)


class Correction(models.Model):
    """A person says what a message means. It counts from then on, and the steps learn from it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="corrections")
    step = models.CharField(max_length=40)
    was = models.CharField(max_length=60, blank=True)
    label = models.CharField(max_length=60)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "step"], name="correction_once")]

    def __str__(self) -> str:
        return f"{self.step}: {self.was} → {self.label}"
