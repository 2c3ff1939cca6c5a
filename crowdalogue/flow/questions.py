"""Questions to analysts: asked, answered, and found again by what they mean."""

from __future__ import annotations

from datetime import date

import numpy as np
from django.utils import timezone

from crowdalogue import live
from crowdalogue.models import Question, User
from crowdalogue.text import encoder
from crowdalogue.text.encoder import Floats

COMPARED = 5_000  # newest questions
NEAR = 0.35  # cosine from which on a question is alike


def ask(user: User, text: str, *, due: date | None = None, owner: User | None = None, about: str = "") -> Question:
    """Keep a question. The same words asked again while the first is open are the first."""
    text = " ".join(text.split())[:500]
    open_one = Question.objects.filter(text=text, answered_at__isnull=True).first()
    if open_one is not None:
        return open_one
    row = Question.objects.create(
        text=text, asked_by=user, due=due, owner=owner, query=about[:1000], vector=stored(text)
    )
    live.announce("question", row.pk)
    return row


def answer_question(user: User, question: Question, answer: str) -> None:
    """Answer it, or answer it better."""
    question.answer, question.answered_by, question.answered_at = answer.strip(), user, timezone.now()
    question.vector = stored(f"{question.text} {answer}")
    if question.owner_id is None:
        question.owner = user
    question.save(update_fields=["answer", "answered_by", "answered_at", "vector", "owner"])
    live.announce("question", question.pk)


def questions_alike(text: str, limit: int) -> list[Question]:
    """Questions that ask the like, the nearest first; those with all the words where there is no encoder."""
    newest = Question.objects.order_by("-pk")
    try:
        asked = encoder.encode([text])[0]
    except encoder.EncoderMissing:
        for word in text.split()[:12]:
            newest = newest.filter(text__icontains=word)
        return list(newest.select_related("asked_by", "owner")[:limit])
    rows = list(newest.filter(vector__isnull=False).values_list("pk", "vector")[:COMPARED])
    if not rows:
        return []
    close = np.stack([np.frombuffer(bytes(kept or b""), "<f2") for _, kept in rows]).astype(np.float32) @ asked
    order = [int(i) for i in np.argsort(-close, kind="stable")[:limit] if close[i] >= NEAR]
    found = Question.objects.select_related("asked_by", "owner").in_bulk([rows[i][0] for i in order])
    return [found[rows[i][0]] for i in order]


def stored(text: str) -> bytes | None:
    try:
        vector: Floats = encoder.encode([text])[0]
    except encoder.EncoderMissing:
        return None
    return vector.astype("<f2").tobytes()
