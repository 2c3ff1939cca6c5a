"""Team: who signs in and what they may do. A new colleague gets a link that works once."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from crowdalogue.act import handling
from crowdalogue.errors import Failure
from crowdalogue.models import Audit, Conversation, Role, Token, User
from crowdalogue.web import settings
from crowdalogue.web.frame import needs, person
from crowdalogue.web.words import plural

MAY = {
    Role.OWNER: "everything, and make others owners",
    Role.MANAGER: "everything but make owners",
    Role.AGENT: "read, answer and enter messages, see figures",
    Role.ANALYST: "read, see figures and export",
}
OPEN = (Conversation.State.OPEN, Conversation.State.SNOOZED)


class Member(forms.Form):
    name = forms.CharField(label="Name", max_length=120, widget=forms.TextInput({"autocomplete": "off"}))
    email = forms.EmailField(
        label="E-mail address", help_text="They sign in with it.", widget=forms.EmailInput({"autocomplete": "off"})
    )
    role = forms.ChoiceField(label="What they may do", widget=forms.RadioSelect, initial=Role.AGENT)

    def __init__(self, asker: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, f"{role.label}: {MAY[role]}") for role in roles_for(asker)]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].casefold()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError("Somebody signs in with this address already. Look in the list.")
        return email


def roles_for(asker: User) -> list[Role]:
    """Only an owner makes owners."""
    return [role for role in Role if asker.may("own") or role != Role.OWNER]


@needs("manage")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/team/: everybody, and adding one."""
    asker = person(request)
    form = Member(asker, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with transaction.atomic():
            user = User.objects.create_user(given["email"], None, name=given["name"], role=given["role"])
            settings.record(request, "added_member", str(user), role=user.role)
        return draw(request, Member(asker), link=link_for(user), invited=user)
    return draw(request, form)


def draw(request: HttpRequest, form: Member, **more: Any) -> HttpResponse:
    asker = person(request)
    seen = dict(Audit.objects.filter(deed="signed_in").order_by("id").values_list("user", "at"))
    users = list(User.objects.order_by("-is_active", "name", "email"))
    people = [
        {
            "user": user,
            "may_change": may_change(asker, user),
            "roles": roles_for(asker),
            "joined": user.has_usable_password(),
            "seen": seen.get(user.pk) or user.last_login,
        }
        for user in users
    ]
    active = sum(user.is_active for user in users)
    shown = {"form": form, "people": people, "active": active, **more}
    return settings.draw(request, "team.html", shown, here="team", status=422 if form.errors else 200)


def may_change(asker: User, user: User) -> bool:
    """Nobody changes themselves here, and owners are changed by owners."""
    return asker.pk != user.pk and (user.role != Role.OWNER or asker.may("own"))


def link_for(user: User) -> str:
    """Where this person chooses a password. It works once and for three days: it hangs on the password they have."""
    parts = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return django_settings.URL + reverse("account_reset_password_from_key", kwargs=parts)


@require_POST
@needs("manage")
def change(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Another role, a new link, deactivate, activate."""
    asker = person(request)
    user = get_object_or_404(User, pk=pk)
    if not may_change(asker, user):
        raise Failure("Your own account and those of owners are changed by another owner. Ask one.")
    if deed == "role":
        set_role(request, asker, user)
    elif deed == "link":
        settings.record(request, "made_link", str(user))
        return draw(request, Member(asker), link=link_for(user), invited=user)
    elif deed == "deactivate":
        deactivate(request, asker, user)
    elif deed == "activate":
        User.objects.filter(pk=pk).update(is_active=True)
        settings.record(request, "activated", str(user))
        messages.success(request, f"{user} can sign in again.")
    else:
        raise Http404(deed)
    return redirect("team")


def set_role(request: HttpRequest, asker: User, user: User) -> None:
    role = request.POST.get("role", "")
    if role not in roles_for(asker):
        raise Failure("This role cannot be given by you. Choose another one.")
    User.objects.filter(pk=user.pk).update(role=role)
    settings.record(request, "changed_role", str(user), was=user.role, now=role)
    messages.success(request, f"{user} is {Role(role).label.lower()} now.")


def deactivate(request: HttpRequest, asker: User, user: User) -> None:
    """They are signed out, their tokens end, and what they had to answer goes back to the team."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        tokens = Token.objects.filter(user=user, ended_at__isnull=True).update(ended_at=timezone.now())
        mine = list(Conversation.objects.filter(owner=user, state__in=OPEN)[:5000])
        handling.assign(asker, mine, None)
        settings.record(request, "deactivated", str(user), tokens=tokens, conversations=len(mine))
    back = f" {plural(len(mine), 'conversation goes,conversations go')} back to the team." if mine else ""
    messages.success(request, f"{user} cannot sign in any more.{back}")
