"""Kept apart: what is spam, trolling, automatic or our own words, why, and taking it back; the rules for it."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crowdalogue import flow
from crowdalogue.act import apart
from crowdalogue.act.judgement import KINDS, Rules
from crowdalogue.models import Apart, Company, Message
from crowdalogue.web import settings
from crowdalogue.web.frame import is_partial, may, needs, person
from crowdalogue.web.preferences import safe_next

A_PAGE = 50
COUNTED = timedelta(days=30)
WHICH = (("", "Kept apart now"), ("undone", "Taken back"), ("all", "All"))


class RulesForm(forms.Form):
    """The rules an administrator may change; percent on the page, 0 to 1 in the rule."""

    spam_sure = forms.IntegerField(
        label="Spam: how sure the reader must be, in %",
        min_value=50,
        max_value=100,
        help_text="Higher keeps less apart.",
    )
    copies = forms.IntegerField(
        label="Same text with a link: from so many accounts within a day", min_value=0, help_text="0: never."
    )
    flood = forms.IntegerField(
        label="Messages of one account within ten minutes",
        min_value=0,
        help_text="From so many on it is a machine. 0: never.",
    )
    trolled = forms.IntegerField(
        label="Messages your team judged trolling",
        min_value=0,
        help_text="After so many of one account, the next ones are kept apart by themselves. 0: never.",
    )
    bots = forms.BooleanField(label="Keep accounts apart that say they are automatic", required=False)
    hide = forms.MultipleChoiceField(
        label="Also hide where it was said",
        choices=tuple(KINDS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="On our own pages, where the channel lets us. Complaints, questions and reviews are never hidden.",
    )
    block_after = forms.IntegerField(
        label="Block an account there after so many", min_value=0, help_text="Only together with hiding. 0: never."
    )

    def rules(self) -> Rules:
        given = {**self.cleaned_data, "spam_sure": self.cleaned_data["spam_sure"] / 100}
        return Rules.of({**given, "hide": list(given["hide"])})


@require_GET
@needs("read")
def page(request: HttpRequest) -> HttpResponse:
    """/apart/?kind=&which=: judgements newest first, a page at a time, and how often rules were wrong."""
    kind, which = request.GET.get("kind", ""), request.GET.get("which", "")
    rows = Apart.objects.select_related("message__handle", "message__conversation", "user", "undone_by")
    rows = rows.filter(message__in=Message.objects.seen_by(person(request))).order_by("-at", "-id")
    if kind in KINDS:
        rows = rows.filter(kind=kind)
    if which != "all":
        rows = rows.filter(undone_at__isnull=which != "undone")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 16:
        rows = rows.filter(pk__lt=int(before))
    some = list(rows[: A_PAGE + 1])
    tally = apart.tally(timezone.now() - COUNTED)
    shown = {
        "rows": [(row, KINDS.get(row.kind, row.kind)) for row in some[:A_PAGE]],
        "next": some[A_PAGE - 1].pk if len(some) > A_PAGE else "",
        "chips": [
            settings.chip(request, "Kind", "kind", kind, [("", "Any"), *KINDS.items()]),
            settings.chip(request, "Which", "which", which, list(WHICH)),
        ],
        "tally": [(KINDS.get(name, name), counts["n"], counts["undone"]) for name, counts in sorted(tally.items())],
        "may_answer": may(request, "answer"),
        "rules_url": reverse("apart_rules") if may(request, "manage") else "",
        "filtered": bool(kind or which),
    }
    return settings.draw(request, "apart.html", shown, here="apart")


@needs("manage")
def rules(request: HttpRequest) -> HttpResponse:
    """/apart/rules/: what is kept apart by itself, and what is also hidden there."""
    now = apart.rules()
    usual = asdict(replace(now)) | {"spam_sure": round(now.spam_sure * 100), "hide": list(now.hide)}
    form = RulesForm(request.POST or None, initial=usual)
    if request.method == "POST" and form.is_valid():
        company = Company.objects.get()
        company.rules = {**company.rules, "apart": asdict(form.rules())}
        company.save(update_fields=["rules"])
        settings.record(request, "changed_settings", "rules for what is kept apart", **asdict(form.rules()))
        messages.success(request, "The rules are kept. They count for messages read from now on.")
        return redirect("apart")
    return settings.draw(request, "apart_rules.html", {"form": form}, here="apart", status=422 if form.errors else 200)


@require_POST
@needs("answer")
def judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one message apart: POST kind."""
    message = get_object_or_404(Message.objects.seen_by(person(request)), pk=pk)
    flow.judge(person(request), message, request.POST.get("kind", ""))
    return done(request, "Kept apart. It waits for nothing any more.", message)


@require_POST
@needs("answer")
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one judgement back."""
    row = get_object_or_404(Apart.objects.select_related("message__conversation"), pk=pk)
    message = get_object_or_404(Message.objects.seen_by(person(request)), pk=row.message_id)
    worked = flow.release(person(request), row)
    return done(
        request, "Taken back. It waits like every message." if worked else "It was taken back already.", message
    )


def done(request: HttpRequest, words: str, message: Message) -> HttpResponse:
    if is_partial(request):
        told: dict[str, Any] = {"words": words}
        return JsonResponse(told)
    messages.success(request, words)
    return redirect(safe_next(request, reverse("conversation", args=[message.conversation_id])))
