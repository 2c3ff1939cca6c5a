"""A phone call or a store visit, typed in by hand while or after it happens."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.models import Brand, Person
from crowdalogue.web.frame import needs, person

KINDS = (("phone", "Phone call"), ("store", "Store visit"))
SIDES = (("in", "The customer came to us"), ("out", "We went to the customer"))


class Entry(forms.Form):
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    kind = forms.ChoiceField(label="What was it", choices=KINDS, widget=forms.RadioSelect, initial="phone")
    name = forms.CharField(
        label="Who", max_length=200, required=False, widget=forms.TextInput({"autocomplete": "off", "autofocus": True})
    )
    phone = forms.CharField(
        label="Phone number",
        max_length=40,
        required=False,
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label="E-mail address",
        required=False,
        help_text="A number or an address brings together what this person said elsewhere.",
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    text = forms.CharField(label="What was said", max_length=50_000, widget=forms.Textarea({"rows": 6}))
    brand = forms.ModelChoiceField(
        Brand.objects.filter(competitor=False), label="Brand", required=False, empty_label="Not said"
    )
    direction = forms.ChoiceField(label="Who began", choices=SIDES, widget=forms.RadioSelect, initial="in")
    at = forms.DateTimeField(
        label="When", required=False, help_text="Empty: now.", widget=forms.DateTimeInput({"type": "datetime-local"})
    )

    def clean_at(self) -> Any:
        at = self.cleaned_data.get("at")
        if at and at > timezone.now() + timedelta(minutes=5):
            raise forms.ValidationError("This time is still to come. Enter when it happened.")
        return at


@needs("enter")
def page(request: HttpRequest) -> HttpResponse:
    """/new/?person=<id>: the form, with this person's name and addresses where one is given."""
    user = person(request)
    form = Entry(request.POST or None, initial={"key": secrets.token_urlsafe(12), **known(request)})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        message = flow.enter(
            user,
            kind=given["kind"],
            text=given["text"],
            name=given["name"],
            address=given["email"],
            phone=given["phone"],
            direction=given["direction"],
            sent_at=given["at"],
            brand=given["brand"],
            key=given["key"],
        )
        messages.success(request, "Kept. It is read and counted like every other message.")
        return redirect("conversation", message.conversation_id)
    return render(request, "entry.html", {"form": form}, status=422 if form.errors else 200)


def known(request: HttpRequest) -> dict[str, str]:
    pk = request.GET.get("person", "")
    if not (pk.isdecimal() and len(pk) < 16):
        return {}
    who = get_object_or_404(Person.objects.seen_by(person(request)), pk=pk)
    handles = {h.kind: h.address for h in who.handles.all()[:20]}
    return {"name": who.name, "phone": handles.get("phone", ""), "email": handles.get("email", "")}
