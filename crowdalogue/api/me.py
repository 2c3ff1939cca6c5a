"""Whose token this is."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from crowdalogue.api.shapes import answers
from crowdalogue.models import RIGHTS, User

router = Router()


class Me(Schema):
    id: int
    email: str
    name: str
    role: str
    rights: list[str]


@router.get("", response=answers(Me), operation_id="get_me", summary="Whose token this is, and what it may do")
def me(request: HttpRequest) -> Me:
    user: User = request.auth  # type: ignore[attr-defined]
    rights = sorted(RIGHTS.get(user.role, frozenset()))
    return Me(id=user.pk, email=user.email, name=user.name, role=user.role, rights=rights)
