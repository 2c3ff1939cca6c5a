"""A question is kept once, answered, and found by the next who asks the like."""

from __future__ import annotations

import pytest

from crowdalogue import flow
from crowdalogue.models import Question, User
from crowdalogue.text import encoder

pytestmark = pytest.mark.django_db


def test_asked_answered_found(helper: User, analyst: User) -> None:
    asked = flow.ask(helper, "Why do   so many people return the kettle?")
    flow.ask(helper, "Which channel is the slowest?")
    assert flow.ask(analyst, "Why do so many people return the kettle?").pk == asked.pk
    flow.answer_question(analyst, asked, "The lid of batch 7 leaks; 41 of 60 returns name it.")
    asked.refresh_from_db()
    assert asked.owner == asked.answered_by == analyst and asked.answered_at
    assert [q.pk for q in flow.questions_alike("reasons for kettle returns", 5)][:1] == [asked.pk]
    assert flow.questions_alike("photosynthesis of plants", 5) == []
    assert flow.ask(helper, "Why do so many people return the kettle?").pk != asked.pk  # asked anew, as it is answered


def test_without_an_encoder_words_find_it(helper: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(texts: list[str]) -> None:
        raise encoder.EncoderMissing("none")

    monkeypatch.setattr(encoder, "encode", missing)
    asked = flow.ask(helper, "Why is the kettle returned?")
    assert Question.objects.get().vector is None
    assert flow.questions_alike("kettle returned", 5) == [asked]
