"""Questions are asked, owned, answered and found on their pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crowdalogue.models import Question, User

pytestmark = pytest.mark.django_db
PAGE = "/weekly/questions/"


def test_from_question_to_answer(helper: User, analyst: User, client_for: Callable[..., Client]) -> None:
    asker, answerer = client_for(helper), client_for(analyst)
    due = str(timezone.localdate() + timedelta(days=3))
    given = {"text": "Why are <kettles> returned?", "due": due, "owner": analyst.pk, "about": "/weekly/2026-11-09/"}
    response = asker.post(PAGE, given)
    question = Question.objects.get()
    assert response.url == f"{PAGE}{question.pk}/"
    page = asker.get(response.url).content.decode()
    assert "Why are &lt;kettles&gt; returned?" in page and 'href="/weekly/2026-11-09/"' in page
    assert 'name="answer"' not in page  # who may not export may not answer
    assert "Why are" in answerer.get(PAGE + "?show=mine").content.decode()
    answerer.post(response.url, {"answer": "The lid leaks."})
    assert "The lid leaks." in asker.get(response.url).content.decode()
    assert "Why are" in asker.get(PAGE + "?show=answered").content.decode()
    assert "Why are" not in asker.get(PAGE).content.decode()
    assert "Answered" in asker.get(PAGE, {"q": "reasons why people return kettles"}).content.decode()


def test_an_agent_cannot_answer_and_bad_input_is_told(helper: User, client_for: Callable[..., Client]) -> None:
    client = client_for(helper)
    question = Question.objects.create(text="Why?", asked_by=helper)
    client.post(f"{PAGE}{question.pk}/", {"answer": "Because."})
    question.refresh_from_db()
    assert question.answer == ""
    late = client.post(PAGE, {"text": "Why?", "due": "2001-01-01"})
    assert late.status_code == 422 and "That day is over" in late.content.decode()
    assert client.post(PAGE, {"text": ""}).status_code == 422
    client.post(PAGE, {"text": "Where does this lead?", "about": "https://elsewhere.example.com/"})
    assert Question.objects.get(text="Where does this lead?").query == ""


def test_it_can_be_given_to_somebody(helper: User, analyst: User, client_for: Callable[..., Client]) -> None:
    question = Question.objects.create(text="Why?", asked_by=helper)
    client = client_for(helper)
    client.post(f"{PAGE}{question.pk}/owner/", {"owner": analyst.pk})
    assert Question.objects.get().owner == analyst
    client.post(f"{PAGE}{question.pk}/owner/", {"owner": helper.pk})  # an agent answers no questions
    assert Question.objects.get().owner is None
    client.post(f"{PAGE}{question.pk}/owner/", {"owner": "x"})
