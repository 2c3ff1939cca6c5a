"""Categories a team teaches: their examples, the versions learned from them, and the messages they catch."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from crowdalogue.models.listen import Message, Seen
from crowdalogue.models.team import User


class Category(models.Model):
    """A question of yes or no that a team asks of every message. Messages may be in several categories."""

    name = models.CharField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    active = models.BooleanField(default=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)
    wanted_at = models.DateTimeField(null=True, blank=True)  # somebody asked for a new version; the worker makes it
    claimed_at = models.DateTimeField(null=True, blank=True)  # by a worker that learns; runs out

    objects = Seen.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class CategoryVersion(models.Model):
    """What was learned from the examples of one moment: the head as bytes, how good it is, and whether it counts."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits"
        ACTIVE = "active", "In use"
        REPLACED = "replaced", "Replaced"
        REFUSED = "refused", "Not taken"

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    head = models.BinaryField()  # safetensors, see analyze.categories
    embedding = models.CharField(max_length=40)  # version of the vectors it reads
    threshold = models.FloatField()  # confidence from which a message is in it
    figures = models.JSONField(default=dict)  # as measured when it was made, and held-out scores of its sample
    fingerprint = models.CharField(max_length=32)  # of the name, description and examples it learned from
    yes = models.PositiveIntegerField(default=0)
    no = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    why = models.CharField(max_length=300, blank=True)  # it waits, took over or was refused
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    trained_at = models.DateTimeField(default=now)
    took_over_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=["category", "number"], name="category_version_once"),
            models.UniqueConstraint(fields=["category"], condition=Q(state="active"), name="category_version_active"),
        ]

    def __str__(self) -> str:
        return f"{self.category_id} v{self.number}"


class CategoryExample(models.Model):
    """Somebody said that a text is, or is not, in a category; `yes` null: shown in the queue and skipped.

    `density` is how likely the queue was to draw just this message, so that shares can be estimated without bias;
    null where it was not drawn at random. A text without a message keeps its own vector.
    """

    class Source(models.TextChoices):
        QUEUE = "queue", "From the queue"
        SEARCH = "search", "Picked in a search"
        CORRECTION = "correction", "A correction"
        PASTED = "pasted", "Pasted"
        FILE = "file", "From a file"

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="examples")
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(blank=True)  # where there is no message
    digest = models.CharField(max_length=32)  # of the text, without case and spaces
    vector = models.BinaryField(null=True, blank=True)
    embedding = models.CharField(max_length=40, blank=True)
    yes = models.BooleanField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices)
    density = models.FloatField(null=True, blank=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["category", "message"], condition=Q(message__isnull=False), name="category_example_message"
            ),
            models.UniqueConstraint(
                fields=["category", "digest"], condition=Q(message__isnull=True), name="category_example_text"
            ),
        ]
        indexes = [models.Index(fields=["category", "-id"], name="category_example_newest")]

    def __str__(self) -> str:
        return f"{self.category_id}: {self.yes}"


class MessageCategory(models.Model):
    """A message is in a category, as a version judged, or (without one) as a person said: then `yes` may be False,
    and no version puts it back."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="categories")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="members")
    yes = models.BooleanField(default=True)
    confidence = models.FloatField(default=1.0)
    version = models.ForeignKey(CategoryVersion, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    sent_at = models.DateTimeField()  # of the message
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "message"], name="message_category_once")]
        indexes = [models.Index(fields=["category", "yes", "-sent_at"], name="message_category_newest")]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.category_id}"


class CategoryWeek(models.Model):
    """How many messages of a week one version judged, and how many of them it caught: every number has its version."""

    version = models.ForeignKey(CategoryVersion, on_delete=models.CASCADE, related_name="weeks")
    week = models.DateField()  # its Monday, in the company's zone
    judged = models.PositiveIntegerField(default=0)
    caught = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "week"], name="category_week_once")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.week}"


class CategoryReplay(models.Model):
    """All history judged anew by one version, from the newest message back, with every number before and after."""

    class State(models.TextChoices):
        RUNNING = "running", "Runs"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Done"

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="replays")
    version = models.ForeignKey(CategoryVersion, on_delete=models.CASCADE, related_name="replays")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    why = models.CharField(max_length=300, blank=True)
    top_id = models.PositiveBigIntegerField()  # the newest message when it began
    seen_id = models.PositiveBigIntegerField()  # gone through downwards: the next id is below it
    total = models.PositiveIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)
    weeks = models.JSONField(default=dict)  # Monday: [judged, in it before, in it after, came in, went out]
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["category"], condition=Q(state="running"), name="category_replay_running")
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.state}"
