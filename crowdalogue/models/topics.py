"""Topics that emerged: what they are called, which messages they hold, and what became of them."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from crowdalogue.models.listen import Message
from crowdalogue.models.team import User


class Topic(models.Model):
    """One topic, from the day it emerged on; its id stays from fit to fit."""

    class State(models.TextChoices):
        EMERGING = "emerging", "Emerging"
        ADOPTED = "adopted", "Adopted"
        RETIRED = "retired", "Retired"

    name = models.CharField(max_length=120)  # in the customers' words, by the newest fit
    own_name = models.CharField(max_length=120, blank=True)  # given by a person; it counts
    group = models.CharField(max_length=120, blank=True)  # name of the coarser topic
    state = models.CharField(max_length=10, choices=State.choices, default=State.EMERGING)
    words = models.JSONField(default=list)  # [phrase, z, messages that say it], most telling first
    representatives = models.JSONField(default=list)  # ids of messages
    centroid = models.BinaryField()  # unit vector, float16 little endian
    messages_count = models.PositiveIntegerField(default=0)  # in the newest fit
    unique_count = models.PositiveIntegerField(default=0)  # copies counted once
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    first_at = models.DateTimeField(default=now)
    fitted_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["state", "-messages_count"], name="topic_largest")]

    def __str__(self) -> str:
        return self.own_name or self.name


class TopicMessage(models.Model):
    """Which topic a message is about, and how near it lies to the topic's middle (cosine)."""

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="about")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="members")
    alike = models.FloatField(default=0.0)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)  # set where a person said so

    class Meta:
        indexes = [models.Index(fields=["topic", "-message"], name="topic_newest")]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.topic_id}"


class TopicEvent(models.Model):
    """What happened to a topic, by a fit or by a person."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12)  # new, split, merged, gone, back; adopted, renamed by a person
    other = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="topic_event_newest")]

    def __str__(self) -> str:
        return f"{self.topic_id} {self.kind}"


class TopicFit(models.Model):
    """One fit of a day; the row is the claim, so that two workers never fit at once."""

    day = models.DateField(unique=True)
    started_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)
    messages = models.PositiveIntegerField(default=0)
    topics = models.PositiveIntegerField(default=0)
    stayed = models.FloatField(null=True, blank=True)  # share of messages of both days whose topic stayed
    version = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.day}: {self.topics} topics"
