"""What is done about it: waits and targets, replies on their way, drafts, events, saved views."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from crowdalogue.models.listen import Account, Conversation, Message
from crowdalogue.models.team import User


class Hours(models.Model):
    """When the team is there. `week` is seven lists of ["HH:MM", "HH:MM"] pairs, Monday first."""

    name = models.CharField(max_length=120, unique=True)
    timezone = models.CharField(max_length=64, default="UTC")
    week = models.JSONField(default=list)
    holidays = models.JSONField(default=list, blank=True)  # ISO dates

    def __str__(self) -> str:
        return self.name


class Target(models.Model):
    """A promise: how soon customers on a channel get their first and next response."""

    kind = models.CharField(max_length=32, blank=True)  # channel; empty: every other channel
    priority = models.SmallIntegerField(default=-1)  # -1: any
    first_minutes = models.PositiveIntegerField(default=30)
    next_minutes = models.PositiveIntegerField(default=60)
    hours = models.ForeignKey(Hours, null=True, blank=True, on_delete=models.SET_NULL)  # null: around the clock

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "priority"], name="target_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind or 'any channel'}: {self.first_minutes} min"


class Wait(models.Model):
    """One span in which a customer waited: from their first unanswered message to our answer.

    Kept from the messages' own times, so that a breach never depends on when something ran.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="waits")
    number = models.PositiveIntegerField()  # 1 is the first of its conversation
    started_at = models.DateTimeField()
    first = models.BooleanField()  # nobody of ours had said anything before it
    due_at = models.DateTimeField(null=True, blank=True)  # null: it was old when it came in
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="ended_waits")
    calendar_s = models.PositiveBigIntegerField(null=True, blank=True)
    business_s = models.PositiveBigIntegerField(null=True, blank=True)  # null where no hours are set
    waived = models.BooleanField(default=False)  # kept apart, or judged to want no answer

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "number"], name="wait_once")]
        indexes = [models.Index(fields=["due_at"], name="wait_open", condition=Q(answered_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.conversation_id}#{self.number}"


class Reply(models.Model):
    """An answer on its way out. `key` is fixed at birth: the idempotency key and the Message-ID's start."""

    class State(models.TextChoices):
        QUEUED = "queued", "Sending soon"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"
        UNCERTAIN = "uncertain", "Perhaps sent"
        RECALLED = "recalled", "Taken back"

    key = models.CharField(max_length=64, unique=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="replies")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="reply")
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    not_before = models.DateTimeField(default=now)  # undo send, and back-off
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)  # why it was not sent, for the agent
    provider_id = models.CharField(max_length=300, blank=True)
    mode = models.CharField(max_length=8, blank=True)  # one of the channel's modes: public, direct
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)  # by the customer
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [
            models.Index(fields=["not_before"], name="reply_queued", condition=Q(state="queued")),
            models.Index(fields=["claimed_at"], name="reply_sending", condition=Q(state="sending")),
            models.Index(fields=["account", "provider_id"], name="reply_by_provider", condition=~Q(provider_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"


class Deed(models.Model):
    """Something done to a message where it was said: hidden, liked, deleted, its author blocked.

    Carried out by the worker like a reply; all deeds are safe to repeat, so one cut off is simply done again.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Not done"

    key = models.CharField(max_length=64, unique=True)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deeds")
    name = models.CharField(max_length=12)  # channels.base.Channel.deeds
    why = models.CharField(max_length=300, blank=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)  # null: by policy
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    reason = models.TextField(blank=True)  # why it was not done
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=now)
    created_at = models.DateTimeField(default=now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["not_before"], name="deed_queued", condition=Q(state="queued"))]

    def __str__(self) -> str:
        return f"{self.name} {self.message_id} {self.state}"


class Apart(models.Model):
    """Why a message is kept from every queue, by whom, and whether that was taken back. One row a decision."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="judgements")
    kind = models.CharField(max_length=12)  # spam, troll, bot, echo, blocked
    why = models.CharField(max_length=300)
    confidence = models.FloatField(default=1.0)  # 0 to 1
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)  # null: by rule
    at = models.DateTimeField(default=now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message"], name="apart_once", condition=Q(undone_at__isnull=True))
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="apart_newest")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.why}"


class Draft(models.Model):
    """What somebody has begun to write; it survives a reload and another machine."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="drafts")
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    text = models.TextField(blank=True)
    note = models.BooleanField(default=False)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="draft_once")]

    def __str__(self) -> str:
        return self.text[:40]


class Event(models.Model):
    """What happened to a conversation besides messages: assigned, tagged, closed, merged, ..."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=now)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    deed = models.CharField(max_length=24)
    what = models.CharField(max_length=300, blank=True)
    undo = models.JSONField(default=dict, blank=True)  # the columns as they were, for `z`

    class Meta:
        indexes = [models.Index(fields=["conversation", "at"], name="event_in_order")]

    def __str__(self) -> str:
        return f"{self.deed} {self.what}"


class View(models.Model):
    """A saved set of filters of the inbox or Explore: a name for an address."""

    name = models.CharField(max_length=80)
    page = models.CharField(max_length=16, default="inbox")
    query = models.CharField(max_length=1000)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE)  # null: everybody's

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "user", "name"], name="view_once"),
            models.UniqueConstraint(fields=["page", "name"], name="shared_view_once", condition=Q(user__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.name
