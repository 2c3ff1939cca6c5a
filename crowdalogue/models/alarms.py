"""Alarms over our own series: rules, the series they watch, episodes, notices, the weekly account, trials."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from crowdalogue.models.listen import Seen
from crowdalogue.models.secret import SecretJSONField
from crowdalogue.models.team import User


class AlarmRule(models.Model):
    """What is watched, how many false alarms are put up with, and who is told.

    `query` is the filter bar's address without a period. `budget` is false episodes in 30 days, of all series of the
    rule together. `tell` is {"page": bool, "emails": [...], "webhook": "https://..."}.
    """

    class Family(models.TextChoices):
        ALL = "all", "Everything said"
        NEGATIVE = "negative", "Negative messages"
        TOPIC = "topic", "Each topic"
        PRODUCT = "product", "Each product"
        INTENT = "intent", "Each intent"
        CHANNEL = "channel", "Each channel"
        BRAND = "brand", "Each brand"
        WATCH = "watch", "Each watch and competitor"

    name = models.CharField(max_length=120, unique=True)
    family = models.CharField(max_length=10, choices=Family.choices)
    query = models.CharField(max_length=1000, blank=True)
    budget = models.FloatField(default=1.0)
    tell = models.JSONField(default=dict, blank=True)
    secrets = SecretJSONField(default=dict, blank=True)  # what the webhook is signed with
    active = models.BooleanField(default=True)
    muted_until = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)

    objects = Seen.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class AlarmSeries(models.Model):
    """One series of a rule, as it stands: `needed` is the count from which the current step would raise an alarm."""

    class State(models.TextChoices):
        WATCHED = "watched", "Watched"
        SHORT = "short", "Too little data to tell"
        LEFT_OUT = "left_out", "Left out: not among the largest"

    rule = models.ForeignKey(AlarmRule, on_delete=models.CASCADE, related_name="series")
    key = models.CharField(max_length=160)  # "" for all; topic:12, product:..., watch:3
    name = models.CharField(max_length=200)
    hours = models.PositiveSmallIntegerField(default=1)  # of a step: 1, or 24 besides
    state = models.CharField(max_length=8, choices=State.choices, default=State.SHORT)
    size = models.FloatField(default=0.0)  # voices a day over the last four weeks
    expected = models.FloatField(null=True, blank=True)  # in the current step
    needed = models.FloatField(null=True, blank=True)
    decided_until = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["rule", "key", "hours"], name="alarm_series_once")]

    def __str__(self) -> str:
        return self.name


class AlarmEpisode(models.Model):
    """A rise that was raised. `evidence` is what was known of it; `why` is what a person said of it."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "seen", "Acknowledged"
        MUTED = "muted", "Muted"
        TRUE = "true", "Judged true"
        FALSE = "false", "Judged false"

    rule = models.ForeignKey(AlarmRule, null=True, blank=True, on_delete=models.SET_NULL, related_name="episodes")
    key = models.CharField(max_length=160, blank=True)
    family = models.CharField(max_length=10)
    name = models.CharField(max_length=200)  # of the series
    query = models.CharField(max_length=1000, blank=True)
    hours = models.PositiveSmallIntegerField(default=1)
    step_at = models.DateTimeField()  # start of the step that showed it
    raised_at = models.DateTimeField()  # when it was known
    began = models.DateTimeField()
    last_at = models.DateTimeField()  # end of the last step that stood out
    ended = models.DateTimeField(null=True, blank=True)  # null: it goes on
    count = models.FloatField()  # voices since it began
    expected = models.FloatField()  # what was usual in that time
    peak = models.FloatField()  # the largest step
    needed = models.FloatField()  # count of the step from which on it was an alarm
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    state_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    state_at = models.DateTimeField(null=True, blank=True)
    muted_until = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=300, blank=True)
    past = models.JSONField(default=list, blank=True)  # earlier states, newest last, for undo
    evidence = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(default=now)

    objects = Seen.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "key", "hours", "step_at"], name="alarm_episode_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["-raised_at", "-id"], name="alarm_newest"),
            models.Index(fields=["ended"], name="alarm_going_on", condition=Q(ended__isnull=True)),
            models.Index(fields=["state"], name="alarm_open", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.name} since {self.began:%Y-%m-%d %H:%M}"


class AlarmNotice(models.Model):
    """That somebody is told of an episode, once a way and target."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENT = "sent", "Delivered"
        FAILED = "failed", "Not delivered"

    episode = models.ForeignKey(AlarmEpisode, on_delete=models.CASCADE, related_name="notices")
    way = models.CharField(max_length=8)  # page, email, webhook
    target = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    not_before = models.DateTimeField(default=now)
    created_at = models.DateTimeField(default=now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["episode", "way", "target"], name="alarm_notice_once")]
        indexes: ClassVar = [
            models.Index(fields=["not_before"], name="alarm_notice_queued", condition=Q(state="queued"))
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.target}: {self.state}"


class AlarmWeek(models.Model):
    """The promise of one week and how it was kept. Judgements that come later are counted in."""

    monday = models.DateField(unique=True)
    promised = models.FloatField()  # false episodes, of all rules that were on
    raised = models.PositiveIntegerField(default=0)
    judged_true = models.PositiveIntegerField(default=0)
    judged_false = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.monday}: {self.raised} raised"


class AlarmTrial(models.Model):
    """A rule replayed over the past before it is switched on; carried out by the worker."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Broken off"

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    rule = models.JSONField(default=dict)  # name, family, query, budget as they were tried
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)  # series
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, blank=True)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(default=now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.rule.get('name', '')} {self.state}"


class AlarmTurn(models.Model):
    """Which worker does just now what one does for all, as deciding alarms: a lease that runs out."""

    name = models.CharField(max_length=20, unique=True)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} until {self.until}"
