"""The business's own records that came by file or demo: what feedback is joined to."""

from __future__ import annotations

from django.db import models

from crowdalogue.models.listen import Brand, Person


class BusinessRecord(models.Model):
    """A row of the business's own data about a person or product: an order, a return, a ticket.

    The warehouse itself is joined where it is; this holds what was imported and what the demo company made.
    """

    kind = models.CharField(max_length=24)  # order, shipment, return, ticket
    external_id = models.CharField(max_length=120)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="records")
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()
    product = models.CharField(max_length=120, blank=True)
    quantity = models.IntegerField(default=1)
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    state = models.CharField(max_length=40, blank=True)
    refers_to = models.CharField(max_length=120, blank=True)  # a return's order, a shipment's order
    facts = models.JSONField(default=dict, blank=True)
    demo = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "external_id"], name="record_once")]
        indexes = [models.Index(fields=["person", "-at"], name="record_of_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
