"""What was said, where and by whom: accounts, raw deliveries, persons, conversations, messages."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from crowdalogue.models.secret import SecretJSONField
from crowdalogue.models.team import User


def make_key() -> str:
    return secrets.token_urlsafe(12)


class Seen(models.QuerySet[Any]):
    """Rows are fetched through what a person may see, never by number alone."""

    def seen_by(self, user: Any) -> Seen:
        return self.all() if getattr(user, "may", None) and user.may("read") else self.none()


class Brand(models.Model):
    """A name customers know: one of ours, or a competitor's."""

    name = models.CharField(max_length=120, unique=True)
    competitor = models.BooleanField(default=False)
    demo = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """One connected mailbox, page, widget, webhook or import: a channel with its settings."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        BROKEN = "broken", "Needs attention"

    key = models.CharField(max_length=32, unique=True, default=make_key)  # in /hooks/<key>/
    kind = models.CharField(max_length=32, db_index=True)  # the channel's file
    name = models.CharField(max_length=200)
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.SET_NULL)
    settings = models.JSONField(default=dict, blank=True)
    secrets = SecretJSONField(default=dict, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)
    # Polling: the cursor is saved in the transaction that keeps the deliveries it covers.
    cursor = models.JSONField(default=dict, blank=True)
    left = models.PositiveIntegerField(null=True, blank=True)  # how many still wait on the other side
    leased_until = models.DateTimeField(null=True, blank=True)  # which worker polls it, until when
    leased_by = models.CharField(max_length=80, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    expires_at = models.DateTimeField(null=True, blank=True)  # when its token ends, where the provider says

    objects = Seen.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def all_settings(self) -> dict[str, Any]:
        return {**self.settings, **self.secrets}


class Delivery(models.Model):
    """What knocked, byte for byte, kept before it is understood; shown and replayable."""

    class State(models.TextChoices):
        KEPT = "kept", "Waiting to be filed"
        FILED = "filed", "Filed"
        FAILED = "failed", "Not understood"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=80)  # the channel's, or a digest of the body
    body = models.BinaryField()
    headers = models.JSONField(default=dict, blank=True)
    received_at = models.DateTimeField(default=now)
    state = models.CharField(max_length=8, choices=State.choices, default=State.KEPT)
    reason = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)

    objects = Seen.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="delivery_once")]
        indexes = [
            models.Index(fields=["id"], name="delivery_kept", condition=Q(state="kept")),
            models.Index(fields=["account", "-id"], name="delivery_newest"),
            models.Index(fields=["account", "-id"], name="delivery_failed", condition=Q(state="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.key}"


class Person(models.Model):
    """A customer: one or more handles known to be the same human."""

    name = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(default=dict, blank=True)  # place, plan, ... as sources give them
    # Found to be somebody already known: this row stays, empty, so that the merge can be undone exactly.
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="absorbed")
    looked_at = models.DateTimeField(null=True, blank=True)  # when evidence about them was last weighed
    created_at = models.DateTimeField(default=now)
    demo = models.BooleanField(default=False)

    objects = Seen.as_manager()

    class Meta:
        indexes = [
            # Who waits to be weighed (null), and claims of workers that died: listen/identity.py.
            models.Index(
                fields=["merged_into", "looked_at", "id"], name="person_to_weigh", condition=Q(merged_into__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.name or f"Person {self.pk}"

    @property
    def initials(self) -> str:
        return "".join(w[0] for w in self.name.split()[:2] if w[0].isalnum()).upper() or "–"


class Handle(models.Model):
    """An address on one kind of channel: an e-mail address, a phone number, a user name.

    Our own and our competitors' accounts are handles with a brand and without a person.
    """

    kind = models.CharField(max_length=32)
    address = models.CharField(max_length=320)  # normalised by the channel
    name = models.CharField(max_length=200, blank=True)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="handles")
    ours = models.BooleanField(default=False)
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.SET_NULL)
    facts = models.JSONField(default=dict, blank=True)
    blocked_at = models.DateTimeField(null=True, blank=True)  # what they write is kept apart from then on
    blocked_why = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "address"], name="handle_once")]

    def __str__(self) -> str:
        return self.name or self.address


class Tag(models.Model):
    name = models.CharField(max_length=60, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Conversation(models.Model):
    """Messages that belong together. Columns below the line are kept by `act.promises` and `act.handling`."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SNOOZED = "snoozed", "Snoozed"
        CLOSED = "closed", "Closed"
        APART = "apart", "Kept apart"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="conversations")
    kind = models.CharField(max_length=32)  # the account's, so that lists need no join
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.SET_NULL)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations")
    handle = models.ForeignKey(Handle, null=True, blank=True, on_delete=models.SET_NULL)  # whom to answer
    subject = models.CharField(max_length=300, blank=True)
    preview = models.CharField(max_length=200, blank=True)  # start of the newest customer message
    key = models.CharField(max_length=32, unique=True, default=make_key)  # the address tag in outgoing mail
    created_at = models.DateTimeField(default=now)
    first_at = models.DateTimeField()  # sent times of the first and newest message
    last_at = models.DateTimeField()
    messages_count = models.PositiveIntegerField(default=0)
    # --- handling
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations")
    tags = models.ManyToManyField(Tag, blank=True, related_name="conversations")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    priority = models.PositiveSmallIntegerField(default=1)  # 0 low, 1 normal, 2 high
    needs_answer = models.BooleanField(default=True)  # False once read as wanting none, with the reason in `why`
    why = models.CharField(max_length=300, blank=True)
    opened_by_customer = models.BooleanField(default=False)
    first_response_s = models.PositiveIntegerField(null=True, blank=True)  # calendar seconds, null where none yet
    waiting_since = models.DateTimeField(null=True, blank=True)  # the customer's first unanswered message
    due_at = models.DateTimeField(null=True, blank=True)  # null: nothing waits, or it was old when it came
    sentiment = models.CharField(max_length=8, blank=True)  # of the newest customer message, for the list
    intent = models.CharField(max_length=24, blank=True)
    unread = models.BooleanField(default=True)
    handled_at = models.DateTimeField(null=True, blank=True)  # when a person last answered, closed, ...

    objects = Seen.as_manager()

    class Meta:
        # The constant `state` stands first so that SQLite prefers these without statistics (act/inbox.py walks them).
        indexes = [
            models.Index(
                fields=["state", "due_at", "id"],
                name="waiting_promised",
                condition=Q(state="open", needs_answer=True, due_at__isnull=False),
            ),
            models.Index(
                fields=["state", "waiting_since", "id"],
                name="waiting_old",
                condition=Q(state="open", needs_answer=True, due_at__isnull=True, waiting_since__isnull=False),
            ),
            models.Index(
                fields=["owner", "due_at", "id"],
                name="waiting_mine",
                condition=Q(state="open", needs_answer=True, waiting_since__isnull=False, owner__isnull=False),
            ),
            models.Index(fields=["state", "-last_at", "-id"], name="conversation_newest"),
            models.Index(fields=["-last_at", "-id"], name="conversation_any"),
            models.Index(
                fields=["state", "snoozed_until", "id"], name="conversation_snoozed", condition=Q(state="snoozed")
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.preview or f"Conversation {self.pk}"


class ThreadRef(models.Model):
    """A name a conversation is known by besides its messages' ids: a chat id, an address tag,
    or the id of a message that was replied to and has not arrived (yet)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    ref = models.CharField(max_length=300)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="refs")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "ref"], name="ref_once")]

    def __str__(self) -> str:
        return self.ref


class Message(models.Model):
    """One thing somebody said, on any channel, either way; internal notes too."""

    class Direction(models.TextChoices):
        IN = "in", "From a customer"
        OUT = "out", "From us"
        NOTE = "note", "Internal note"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="messages")
    external_id = models.CharField(max_length=300)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    direction = models.CharField(max_length=4, choices=Direction.choices)
    kind = models.CharField(max_length=12, default="message")  # channels.base.Kind
    channel = models.CharField(max_length=32)
    handle = models.ForeignKey(Handle, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)  # our author, where known
    parent = models.CharField(max_length=300, blank=True)  # external id of the message it answers
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField(default=now)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    quoted = models.TextField(blank=True)
    url = models.CharField(max_length=500, blank=True)
    public = models.BooleanField(default=False)
    extra = models.JSONField(default=dict, blank=True)
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages")
    # The row is the job: null until read; claimed_at is the claim of a reader at work.
    read_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    read_attempts = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(default=now)  # moves whenever facts must be written again
    edited_at = models.DateTimeField(null=True, blank=True)  # earlier versions stand in extra["versions"]
    deleted_at = models.DateTimeField(null=True, blank=True)  # taken back where it was said
    hidden_at = models.DateTimeField(null=True, blank=True)  # by us, from the public
    # spam, troll, bot, echo: kept from every queue. Null and not empty, for SQLite would else write the table anew.
    apart = models.CharField(max_length=12, null=True, blank=True)

    objects = Seen.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "external_id"], name="message_once")]
        indexes = [
            models.Index(fields=["conversation", "sent_at", "id"], name="message_in_order"),
            models.Index(fields=["handle", "-sent_at"], name="message_by_handle"),
            models.Index(fields=["id"], name="message_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=["changed_at", "id"], name="message_changed"),
            # Few are kept apart or taken back: search for them reads these and not every message.
            models.Index(fields=["id"], name="message_apart", condition=Q(apart__isnull=False)),
            models.Index(fields=["id"], name="message_deleted", condition=Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Attachment(models.Model):
    """A file that came with a message, stored by its digest under the home's `files`."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    content_id = models.CharField(max_length=300, blank=True)
    inline = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)  # why there is no content, if there is none
    # Where the channel named only a place: fetched by the worker from `not_before` on; null once that is over.
    url = models.CharField(max_length=2000, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["not_before"], name="attachment_wanted", condition=Q(not_before__isnull=False))]

    def __str__(self) -> str:
        return self.name


class Interaction(models.Model):
    """A like, repost or follow: on the person's timeline, never a message."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    external_id = models.CharField(max_length=300)
    handle = models.ForeignKey(Handle, on_delete=models.CASCADE, related_name="interactions")
    kind = models.CharField(max_length=32)
    target = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=now)
    gone_at = models.DateTimeField(null=True, blank=True)  # taken back

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "external_id"], name="interaction_once")]
        indexes = [models.Index(fields=["account", "target"], name="interaction_by_target")]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"


class Tombstone(models.Model):
    """A message was taken back before it came here: should it still come, it is marked at once."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    external_id = models.CharField(max_length=300)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "external_id"], name="tombstone_once")]

    def __str__(self) -> str:
        return self.external_id


class Import(models.Model):
    """A file of past messages on its way in. Its position is saved with the rows it covers."""

    class State(models.TextChoices):
        DRAFT = "draft", "Columns to confirm"
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="imports")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=255)  # of the file, as the person knows it
    path = models.CharField(max_length=500)  # absolute, or under the home's `imports`
    size = models.PositiveBigIntegerField(default=0)
    mapping = models.JSONField(default=dict, blank=True)  # our field -> their column, and options
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    position = models.PositiveBigIntegerField(default=0)  # rows dealt with
    rows = models.PositiveBigIntegerField(null=True, blank=True)  # in the file, where known
    counts = models.JSONField(default=dict, blank=True)  # new messages, conversations, persons; repeated; failed
    reason = models.TextField(blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = Seen.as_manager()

    def __str__(self) -> str:
        return self.name


class ImportFailure(models.Model):
    """A row of an import that could not be filed, with the reason; downloadable."""

    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="failures")
    row = models.PositiveBigIntegerField()  # 1 is the first row of data
    reason = models.CharField(max_length=300)
    content = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "row"], name="import_failure_once")]

    def __str__(self) -> str:
        return f"row {self.row}: {self.reason}"
