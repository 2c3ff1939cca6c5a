"""What a company's names mean to the reader: its products and stores, and names that look like new ones."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.timezone import now

from crowdalogue.models.listen import Brand, Seen
from crowdalogue.models.team import User


class CatalogueEntry(models.Model):
    """A product or a store by its name, with other names and codes that customers use for it."""

    class Kind(models.TextChoices):
        PRODUCT = "product", "Product"
        STORE = "store", "Store"

    class Source(models.TextChoices):
        PERSON = "person", "Entered"
        FILE = "file", "From a file"
        RECORDS = "records", "From orders"
        PROPOSAL = "proposal", "Found in messages"

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PRODUCT)
    name = models.CharField(max_length=120)
    synonyms = models.JSONField(default=list, blank=True)  # strings
    codes = models.JSONField(default=list, blank=True)  # strings, article numbers
    country = models.CharField(max_length=2, blank=True)  # of a store
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.SET_NULL)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.PERSON)
    demo = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=now, db_index=True)

    objects = Seen.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="catalogue_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def others(self) -> list[str]:
        """Synonyms and codes in one list."""
        found: list[Any] = [*self.synonyms, *self.codes]
        return [str(one) for one in found]


class NameProposal(models.Model):
    """A name that recurs in messages and stands in no catalogue: a person adopts it or says it is none."""

    class State(models.TextChoices):
        OPEN = "open", "Waiting"
        ADOPTED = "adopted", "Adopted"
        DISMISSED = "dismissed", "No product"

    key = models.CharField(max_length=120, unique=True)  # the name in one form for all its cases and plurals
    name = models.CharField(max_length=120)
    count = models.PositiveIntegerField(default=0)  # messages
    authors = models.PositiveIntegerField(default=0)
    examples = models.JSONField(default=list, blank=True)  # ids of messages, a few
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    found_at = models.DateTimeField(default=now)
    seen_at = models.DateTimeField(default=now)

    objects = Seen.as_manager()

    class Meta:
        ordering = ("-authors", "name")

    def __str__(self) -> str:
        return self.name
