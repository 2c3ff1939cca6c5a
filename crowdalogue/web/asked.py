"""Questions to the analysts: asked with a date, owned, answered, and found by the next who asks."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from crowdalogue import flow
from crowdalogue.models import Question, User
from crowdalogue.web.frame import may, needs, person

A_PAGE = 30
ALIKE = 5
TABS = {"": "Open", "mine": "Mine", "answered": "Answered", "all": "All"}


class QuestionForm(forms.Form):
    text = forms.CharField(
        label="Question",
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text="One sentence, as you would ask a person.",
    )
    due = forms.DateField(
        label="Needed by", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    owner = forms.ModelChoiceField(label="Who is to answer", queryset=User.objects.none(), required=False)
    about = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["owner"].queryset = analysts()  # type: ignore[attr-defined]

    def clean_due(self) -> date | None:
        due: date | None = self.cleaned_data["due"]
        if due and due < timezone.localdate():
            raise forms.ValidationError("That day is over. Give a later one, or none.")
        return due

    def clean_about(self) -> str:
        about: str = self.cleaned_data["about"]
        return about if about.startswith("/") and url_has_allowed_host_and_scheme(about, None) else ""


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label="Answer",
        max_length=10_000,
        widget=forms.Textarea({"rows": 5}),
        help_text="What was found, how sure it is, and where it can be seen.",
    )


@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/weekly/questions/?show=mine&q=...: ask, and see what was asked. GET with `q` shows what is alike first."""
    user = person(request)
    form = QuestionForm(request.POST or None, initial={"about": request.GET.get("about", "")})
    if request.method == "POST" and form.is_valid():
        asked = flow.ask(user, form.cleaned_data["text"], **only(form.cleaned_data, "due", "owner", "about"))
        messages.success(request, "Asked. Whoever owns it sees it under Mine.")
        return redirect("question_page", asked.pk)
    show, typed = request.GET.get("show", ""), request.GET.get("q", "").strip()[:500]
    rows = flow.questions_alike(typed, A_PAGE) if typed else chosen(user, show)
    shown = {
        "form": form,
        "tabs": [(value, words, value == show and not typed) for value, words in TABS.items()],
        "rows": Paginator(rows, A_PAGE).get_page(request.GET.get("page")),
        "typed": typed,
        "show": show,
        "today": timezone.localdate(),
    }
    return render(request, "asked.html", shown, status=422 if form.errors else 200)


@needs("explore")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """/weekly/questions/12/: the question, its answer, and what was asked like it."""
    question = get_object_or_404(Question.objects.select_related("asked_by", "owner", "answered_by"), pk=pk)
    can_answer = may(request, "export")  # analysts, managers, owners
    form = AnswerForm(request.POST or None, initial={"answer": question.answer})
    if request.method == "POST" and can_answer and form.is_valid():
        flow.answer_question(person(request), question, form.cleaned_data["answer"])
        messages.success(request, "Answered. Who asks the like next sees it.")
        return redirect("question_page", pk)
    alike = [q for q in flow.questions_alike(question.text, ALIKE + 1) if q.pk != pk][:ALIKE]
    shown = {
        "question": question,
        "form": form,
        "can_answer": can_answer,
        "alike": alike,
        "owners": analysts(),
        "today": timezone.localdate(),
    }
    return render(request, "question.html", shown, status=422 if form.errors else 200)


@require_POST
@needs("explore")
def own(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the question, or give it to somebody."""
    question = get_object_or_404(Question, pk=pk)
    wanted = request.POST.get("owner", "")
    owner = analysts().filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 16 else None
    Question.objects.filter(pk=question.pk).update(owner=owner)
    messages.success(request, f"{owner} answers it." if owner else "Nobody answers it yet.")
    return redirect("question_page", pk)


def chosen(user: User, show: str) -> Any:
    rows = Question.objects.select_related("asked_by", "owner").defer("vector")
    if show == "mine":
        rows = rows.filter(owner=user)
    elif show == "answered":
        rows = rows.filter(answered_at__isnull=False)
    elif show != "all":
        rows = rows.filter(answered_at__isnull=True)
    return rows.order_by("-asked_at", "-pk")


def analysts() -> Any:
    """Who may answer: whoever may take data out."""
    return User.objects.filter(is_active=True, role__in=("owner", "manager", "analyst")).order_by("name", "email")


def only(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: given[name] for name in names}
