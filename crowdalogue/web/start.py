"""The first run: the owner, the company and its brands; then the first messages."""

from __future__ import annotations

import threading
import zoneinfo
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login, password_validation
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from crowdalogue.models import Account, Audit, Brand, Company, Role, User
from crowdalogue.web.frame import company, forget, needs, person

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
THE_ONE = 1  # the company's key: the second of two browsers that race is refused by it


OLD_ZONES = ("Etc/", "posix/", "right/", "SystemV/", "US/")


def zones() -> list[tuple[str, str]]:
    names = sorted(n for n in zoneinfo.available_timezones() if "/" in n and not n.startswith(OLD_ZONES))
    return [("UTC", "UTC"), *((n, n.replace("_", " ")) for n in names)]


def split_names(given: str) -> list[str]:
    """Names from lines or commas, without repeats, in their order."""
    names = (" ".join(n.split())[:120] for line in given.splitlines() for n in line.split(","))
    found: dict[str, str] = {}
    for name in names:
        if name:
            found.setdefault(name.casefold(), name)
    return list(found.values())


class FirstRun(forms.Form):
    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(
        label="Your e-mail address",
        help_text="You sign in with it.",
        widget=forms.EmailInput({"autocomplete": "username"}),
    )
    password = forms.CharField(
        label="A password",
        help_text="Ten characters or more; a short sentence is easy to keep in mind.",
        widget=forms.PasswordInput({"autocomplete": "new-password"}, render_value=True),
        strip=False,
    )
    company = forms.CharField(
        label="Its name", max_length=200, widget=forms.TextInput({"autocomplete": "organization"})
    )
    timezone = forms.ChoiceField(label="Its time zone", help_text="Days and hours in figures follow it.", initial="UTC")
    brands = forms.CharField(
        label="Your brands",
        help_text="The names customers use, one a line. Empty: the company's name.",
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )
    competitors = forms.CharField(
        label="Brands you compare yourself with",
        help_text="One a line. You can add them later.",
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["timezone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = zones()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if password := given.get("password"):
            person = User(email=given.get("email", ""), name=given.get("name", ""))
            try:
                password_validation.validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        ours = {n.casefold() for n in split_names(given.get("brands", ""))}
        for name in split_names(given.get("competitors", "")):
            if name.casefold() in ours:
                self.add_error("competitors", f"{name} is among your own brands already. Leave it out of one of them.")
        return given


@sensitive_post_parameters("password")
def page(request: HttpRequest) -> HttpResponse:
    """Before the first run the form; afterwards what to begin with, for those who manage."""
    if company() is not None:
        return following(request)
    form = FirstRun(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            owner = begin(form.cleaned_data)
        except IntegrityError:
            forget()  # another browser was quicker: this install has its owner
            return redirect("account_login")
        login(request, owner, backend=BACKEND)
        return redirect("start")
    return render(request, "start.html", {"form": form}, status=422 if form.errors else 200)


def begin(given: dict[str, Any]) -> User:
    """Make the company, its owner and brands at once, or nothing. IntegrityError: somebody else just did."""
    with transaction.atomic():
        Company.objects.create(pk=THE_ONE, name=given["company"], timezone=given["timezone"])
        owner = User.objects.create_user(given["email"], given["password"], name=given["name"], role=Role.OWNER)
        names = split_names(given["brands"]) or [given["company"][:120]]
        Brand.objects.bulk_create(Brand(name=n) for n in names)
        Brand.objects.bulk_create(Brand(name=n, competitor=True) for n in split_names(given["competitors"]))
        Audit.objects.create(user=owner, who=str(owner), deed="began", what=given["company"])
    return owner


def following(request: HttpRequest) -> HttpResponse:
    """Three ways to the first messages."""
    user = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    if not user.may("manage"):
        return redirect("/")
    demo = Account.objects.filter(demo=True).exists()
    return render(request, "start_next.html", {"demo": demo, "removing": _removing.is_set()})


@require_POST
@needs("manage")
def demo(request: HttpRequest) -> HttpResponse:
    """Ask the worker for the demo company and show how far it is; asked twice, it is the same one."""
    from crowdalogue.demo import loader

    return redirect("import", loader.begin(person(request)).pk)


_removing = threading.Event()


@require_POST
@needs("manage")
def demo_remove(request: HttpRequest) -> HttpResponse:
    """Take the demo company out, behind the page. Broken off, it goes on when it is asked for again."""
    user = person(request)
    if not _removing.is_set():
        _removing.set()
        Audit.objects.create(user=user, who=str(user), deed="deleted", what="the demo company")
        threading.Thread(target=_remove_demo, name="remove-demo", daemon=True).start()
    messages.success(request, "The demo company is being removed. It takes about a minute; your own messages stay.")
    return redirect("start")


def _remove_demo() -> None:
    from crowdalogue.demo import loader

    try:
        loader.remove()
    finally:
        _removing.clear()
        connection.close()
