"""Saved boards: views of Explore kept together under a name."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.timezone import now

from crowdalogue.models.team import User


class Board(models.Model):
    """A named list of views of Explore, for one person or shared with everybody who may explore."""

    name = models.CharField(max_length=80)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="boards")
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name


class BoardView(models.Model):
    """One chart of a board: the address of a view of Explore, with a title of its own where it has one."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="views")
    title = models.CharField(max_length=120, blank=True)
    query = models.CharField(max_length=1000)  # as in Explore's address: measure, by, across and filters
    place = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("place", "pk")
        indexes: ClassVar = [models.Index(fields=["board", "place"], name="board_view_order")]

    def __str__(self) -> str:
        return self.title or self.query
