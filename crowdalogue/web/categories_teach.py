"""Teaching a category: the form with its trial, the examples, and the queue of what to label next."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from crowdalogue.analyze import categories_asked, categories_file, categories_taught
from crowdalogue.analyze.categories_taught import Added
from crowdalogue.errors import Failure
from crowdalogue.flow import categories as verbs
from crowdalogue.models import Category, CategoryExample, CategoryVersion
from crowdalogue.text import relevance
from crowdalogue.web.categories import find, in_words
from crowdalogue.web.frame import needs, person
from crowdalogue.web.search import rows_of
from crowdalogue.web.settings import record
from crowdalogue.web.words import plural

A_PAGE = 50
BEGINNING = 600
FOUND = 20  # messages of a search for examples
ONE_A_LINE = "One a line, as customers write it."


class CategoryForm(forms.Form):
    """`form.given` is every example that was typed or sent as a file, once it is valid."""

    name = forms.CharField(max_length=80, label="Name", help_text="Say what it is: the name is evidence, too.")
    description = forms.CharField(
        required=False,
        max_length=2000,
        label="Description",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One or two sentences on what belongs to it.",
    )
    yes = forms.CharField(
        required=False,
        label="Messages that are in it",
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=f"{ONE_A_LINE} Two are enough to begin with, ten are better.",
    )
    no = forms.CharField(
        required=False,
        label="Messages that are not, though they look like it",
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=ONE_A_LINE,
    )
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        label="A file of examples",
        help_text="CSV with the columns text and label (yes or no); without a column label every row is a yes.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    given: list[tuple[str, bool]]
    from_file: list[tuple[str, bool]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.given = categories_file.lines(cleaned.get("yes", ""), yes=True)
        self.given += categories_file.lines(cleaned.get("no", ""), yes=False)
        self.from_file = []
        if upload := cleaned.get("file"):
            try:
                if (upload.size or 0) > categories_file.BIGGEST:
                    raise Failure(f"The file is larger than {categories_file.BIGGEST >> 20} MB. Split it.")
                name = str(upload.name or "The file")
                self.from_file = categories_file.table(upload.read(), name, cleaned.get("name", ""))
            except Failure as failure:
                self.add_error("file", failure.text)
        return cleaned


# --- the form


@needs("explore")
def new(request: HttpRequest) -> HttpResponse:
    """/categories/new/: a name, a description, some examples; tried on the newest messages, then saved."""
    return edit(request, None)


@needs("explore")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    return edit(request, find(request, pk))


def edit(request: HttpRequest, category: Category | None) -> HttpResponse:
    if request.method != "POST":
        begun = {"name": category.name, "description": category.description} if category else {}
        begun.setdefault("name", request.GET.get("name", "")[:80])
        return draw(request, category, CategoryForm(initial=begun))
    form = CategoryForm(request.POST, request.FILES)
    if not form.is_valid():
        return draw(request, category, form, status=422)
    try:
        if request.POST.get("do") == "save":
            return save(request, category, form)
        trial = tried(request, category, form)
    except Failure as failure:
        form.add_error(None, failure.text)
        return draw(request, category, form, status=422)
    return draw(request, category, form, **trial)


def tried(request: HttpRequest, category: Category | None, form: CategoryForm) -> dict[str, Any]:
    data = form.cleaned_data
    given = [*form.given, *form.from_file]
    trial = categories_asked.trial(data["name"], data["description"], given, category)
    found = categories_asked.preview(trial.head, trial.among, person(request))
    return {"trial": trial, "preview": preview_shown(found), "added": added_words(trial.added), "beyond": trial.beyond}


def preview_shown(found: categories_asked.Preview) -> dict[str, Any]:
    return {
        "found": found,
        "title": f"It would catch {plural(found.caught, 'message,messages')} of the newest {found.looked_at:,}",
        "groups": [
            ("The surest", "surest", found.surest),
            ("Just above the threshold", "just", found.just),
            ("Just below it: not caught", "below", found.missed),
        ],
    }


def save(request: HttpRequest, category: Category | None, form: CategoryForm) -> HttpResponse:
    user, data = person(request), form.cleaned_data
    saved = verbs.define(user, data["name"], data["description"], category)
    added = [verbs.teach(user, saved, form.given, "pasted"), verbs.teach(user, saved, form.from_file, "file")]
    record(request, "changed_category", f"{saved.name}: {'changed' if category else 'defined'}")
    for words in (w for one in added if (w := added_words(one))):
        messages.info(request, words)
    try:
        version = verbs.learn(user, saved)
        words = learned_words(saved, version)
        messages.success(request, words)
    except Failure as failure:
        messages.error(request, f"{saved.name} is kept, and cannot judge yet. {failure.text}")
    return redirect("category", saved.pk)


def learned_words(category: Category, version: CategoryVersion | None) -> str:
    if version is None:
        return f"{category.name} is kept. There is much to read; the worker learns from it, and it is shown here."
    if version.state == "active":
        return f"{category.name} judges what comes in, and history is gone through."
    return f"Version {version.number} waits. Compare it with the one in use, then take it or not."


def added_words(added: Added) -> str:
    """What became of examples that were not simply kept."""
    parts = []
    if added.both:
        parts.append(f"{plural(added.both, 'text is,texts are')} given as in it and as not in it, so neither counts.")
    if added.changed:
        parts.append(f"{plural(added.changed, 'text was,texts were')} known with the other label; the new one counts.")
    if added.same:
        parts.append(f"{plural(added.same, 'text was,texts were')} known already.")
    if added.empty:
        parts.append(f"{plural(added.empty, 'row,rows')} held no text.")
    if added.beyond:
        most = f"{categories_taught.MOST_EXAMPLES:,}"
        parts.append(f"{plural(added.beyond, 'text is,texts are')} left out: a category takes {most} examples.")
    return " ".join(parts)


def draw(
    request: HttpRequest, category: Category | None, form: CategoryForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    return render(request, "category_form.html", {"category": category, "form": form, **more}, status=status)


# --- examples


@require_safe
@needs("explore")
def examples(request: HttpRequest, pk: int) -> HttpResponse:
    """/categories/<id>/examples/?q=...: what was said by whom, and a search for more."""
    category = find(request, pk)
    before = request.GET.get("before", "")
    rows = CategoryExample.objects.filter(category=category).exclude(yes=None)
    show = request.GET.get("show", "")
    if show in ("yes", "no"):
        rows = rows.filter(yes=show == "yes")
    first = not (before.isdecimal() and len(before) < 19)
    if not first:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.select_related("message", "user").order_by("-pk")[: A_PAGE + 1])
    shown = {
        "category": category,
        "rows": [{"example": one, "text": text_of(one)} for one in found[:A_PAGE]],
        "next": f"?show={show}&before={found[A_PAGE - 1].pk}" if len(found) > A_PAGE else "",
        "first": first,
        "show": show,
        "tabs": [
            {"url": f"?show={v}" if v else "?", "name": n, "here": v == show}
            for v, n in (("", "All"), ("yes", "In it"), ("no", "Not in it"))
        ],
        "counts": categories_taught.counts(category),
        "both": categories_taught.known(category).both if first else 0,
        **searched(request, category),
    }
    return render(request, "category_examples.html", shown)


def text_of(example: CategoryExample) -> str:
    return categories_taught.whole(example.message) if example.message else example.text


def searched(request: HttpRequest, category: Category) -> dict[str, Any]:
    """Messages that say what was typed, in the same or other words, with what was said of them."""
    words = request.GET.get("q", "").strip()[:400]
    if not words:
        return {"query": "", "hits": []}
    hits = rows_of(relevance.search_meaning(person(request), words, limit=FOUND))
    ids = [hit["message"].pk for hit in hits]
    said = dict(CategoryExample.objects.filter(category=category, message__in=ids).values_list("message_id", "yes"))
    return {"query": words, "hits": [{**hit, "yes": said.get(hit["message"].pk)} for hit in hits]}


@require_POST
@needs("explore")
def say(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes or no of a message that was found, or of one it caught."""
    category = find(request, pk)
    given = request.POST.get("message", "")
    yes = {"yes": True, "no": False}.get(request.POST.get("yes", ""))
    if yes is None or not (given.isdecimal() and len(given) < 19):
        raise Failure("Say yes or no of a message. Load the page again.")
    done = verbs.label(person(request), category, {int(given): yes}, "search")
    if not done:
        raise Failure("That message is gone. Load the page again.")
    back = request.POST.get("back", "")
    where = reverse("category_examples" if back.startswith("?") else "category", args=[pk])
    messages.success(request, f"{'In' if yes else 'Not in'} {category.name}.")
    return redirect(where + (back if back.startswith("?") else ""))


@require_POST
@needs("explore")
def forget(request: HttpRequest, pk: int, example: int) -> HttpResponse:
    """An example is taken back."""
    category = find(request, pk)
    verbs.unlabel(get_object_or_404(CategoryExample, pk=example, category=category))
    messages.success(request, "Taken back. The next version does not know it.")
    return redirect("category_examples", pk)


# --- the queue


WHY = {
    "caught": "drawn from what it catches",
    "unsure": "drawn from what it is not sure of",
    "any": "drawn from all messages",
}


@needs("explore")
def label(request: HttpRequest, pk: int) -> HttpResponse:
    """/categories/<id>/label/: one message at a time, drawn so that shares of all messages can be told."""
    category = find(request, pk)
    if request.method == "POST":
        said(request, category)
        return redirect("category_label", pk)
    try:
        drawn = categories_asked.draw(category, person(request))
        broken = ""
    except Failure as failure:
        drawn, broken = None, failure.text
    version = categories_taught.active(category) or category.versions.first()
    shown: dict[str, Any] = {
        "category": category,
        "drawn": drawn,
        "why": WHY[drawn.why] if drawn else "",
        "broken": broken,
        "version": version,
        "counts": categories_taught.counts(category),
        "good": [],
        "user_may_enter": False,  # its key is n, which is No here
    }
    if version is not None and not broken:
        measured = categories_taught.measured(version)
        shown["good"] = in_words(measured)[:2]
    return render(request, "category_label.html", shown)


def said(request: HttpRequest, category: Category) -> None:
    pk, density = categories_asked.read_ticket(category, request.POST.get("ticket", ""))
    answers: dict[str, bool | None] = {"yes": True, "no": False, "skip": None}
    given = request.POST.get("yes", "")
    if given not in answers:
        raise Failure("Say yes, no or skip. Load the page again.")
    verbs.label(person(request), category, {pk: answers[given]}, "queue", density)
