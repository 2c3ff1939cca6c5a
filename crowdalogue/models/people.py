"""Who is who: merges of persons with their reasons, resemblances to be confirmed, and where somebody stands."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now

from crowdalogue.models.listen import Person, Seen
from crowdalogue.models.team import User


class Merge(models.Model):
    """Two persons became one. `before` holds what moved, enough to put both back exactly."""

    kept = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merges")
    gone = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merged")
    evidence = models.CharField(max_length=24)  # same_address, verified_sign_in, order, signature, own_word, person
    reason = models.CharField(max_length=300)
    confidence = models.FloatField(default=1.0)  # 0 to 1
    before = models.JSONField(default=dict)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)  # null: by evidence alone
    at = models.DateTimeField(default=now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = Seen.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gone"], name="merged_once", condition=Q(undone_at__isnull=True)),
            models.CheckConstraint(condition=~Q(kept=F("gone")), name="merge_of_two"),
        ]

    def __str__(self) -> str:
        return self.reason


class Resemblance(models.Model):
    """Two persons may be one: shown to be confirmed or rejected; what was rejected is not suggested again."""

    class State(models.TextChoices):
        OPEN = "open", "To be decided"
        MERGED = "merged", "The same"
        APART = "apart", "Two people"

    one = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")  # the lower id
    other = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    evidence = models.CharField(max_length=24)
    reason = models.CharField(max_length=300)
    confidence = models.FloatField()  # 0 to 1
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(default=now)

    objects = Seen.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="resemblance_once")]
        indexes = [models.Index(fields=["-confidence", "id"], name="resemblance_open", condition=Q(state="open"))]

    def __str__(self) -> str:
        return self.reason


class Standing(models.Model):
    """VIP, influencer, advocate, detractor: by a stated rule, by a list, or by a person, always with the reason."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="standings")
    kind = models.CharField(max_length=12)  # vip, influencer, advocate, detractor
    source = models.CharField(max_length=8)  # rule, list, person
    reason = models.CharField(max_length=300)
    facts = models.JSONField(default=dict, blank=True)  # what the rule saw, such as reach and topic
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="standing_once")]
        indexes = [models.Index(fields=["kind", "person"], name="standing_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"
