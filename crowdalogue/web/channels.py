"""Channels: what is connected, how it is, and connecting another from what the channel itself asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from crowdalogue import flow, live
from crowdalogue.channels import channel_kinds, open_channel
from crowdalogue.channels.abilities import abilities_of
from crowdalogue.channels.base import Channel, Field, Progress
from crowdalogue.errors import Failure
from crowdalogue.listen import accounts, coverage
from crowdalogue.listen.accounts import make_key
from crowdalogue.models import Account, Brand, Conversation, Delivery
from crowdalogue.web import settings
from crowdalogue.web.frame import needs, person

State = Account.State


@require_GET
@needs("manage")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/channels/: every account with how it is."""
    found = Account.objects.seen_by(person(request)).select_related("brand").order_by("name", "id")
    connected: list[dict[str, Any]] = []
    archives: list[dict[str, Any]] = []
    for account in found:
        line = describe(account)
        (connected if line["live"] else archives).append(line)
    return settings.draw(request, "channels.html", {"connected": connected, "archives": archives}, here="channels")


def describe(account: Account) -> dict[str, Any]:
    """An account with how it is in words: what happened last, and what to do."""
    channel = open_channel(account.kind, account.all_settings)
    takes_part = channel.polls or channel.receives_hooks
    by_hand = account.kind in channel_kinds() and not takes_part
    progress = channel.progress(account.cursor) if channel.polls and takes_part and account.cursor else None
    words, look = health(account, channel, behind=progress is not None)
    return {
        "progress": progress,
        "account": account,
        "channel": channel,
        "live": account.kind in channel_kinds() and not (channel.polls and not account.settings),
        "by_hand": by_hand,
        "words": words,
        "look": look,
    }


def health(account: Account, channel: Channel, *, behind: bool = False) -> tuple[str, str]:
    """How an account is, and the look of its badge."""
    if account.state == State.PAUSED:
        return "Paused", "soon"
    if account.last_error:
        return "Needs attention", "late"
    if channel.polls and account.last_success_at is None:
        return "Not asked yet", ""
    if account.left or behind:
        return "Catching up", "own"
    if channel.polls:
        return "Working", "pos"
    if channel.receives_hooks:
        return "Ready", ""
    return ("Entered by hand" if account.kind in channel_kinds() else "Holds past messages"), ""


@require_GET
@needs("manage")
def choose(request: HttpRequest) -> HttpResponse:
    """/settings/channels/connect/: which channel."""
    kinds = [kind for kind in channel_kinds().values() if kind.polls or kind.receives_hooks]
    return settings.draw(request, "channel_choose.html", {"kinds": kinds}, here="channels")


# --- The form a channel asks for


class ChannelForm(forms.Form):
    """Name and brand, then the channel's own fields. Where a secret is kept already, empty leaves it."""

    def __init__(self, channel: type[Channel], account: Account | None, *args: Any, **kwargs: Any) -> None:
        self.channel, self.account = channel, account
        super().__init__(*args, **kwargs)
        self.fields["_name"] = forms.CharField(
            label="Name", max_length=200, help_text="What colleagues see, such as Care mailbox."
        )
        self.fields["_brand"] = forms.ModelChoiceField(
            Brand.objects.filter(competitor=False),
            label="Brand",
            required=False,
            empty_label="Whatever each message says",
            help_text="The brand its conversations are about.",
        )
        kept = account.secrets if account else {}
        for field in channel.fields:
            self.fields[field.name] = control(field, bool(kept.get(field.name)))

    @property
    def common_fields(self) -> list[Any]:
        return [self["_name"], self["_brand"]]

    @property
    def channel_fields(self) -> list[Any]:
        return [self[field.name] for field in self.channel.fields]

    def settings(self) -> dict[str, Any]:
        """The channel's settings as given; a secret left empty stays as it was."""
        given = {field.name: self.cleaned_data[field.name] for field in self.channel.fields}
        for field in self.channel.fields:
            if given[field.name] is None:
                given[field.name] = field.default
            if field.kind == "secret" and not given[field.name] and self.account:
                given[field.name] = self.account.secrets.get(field.name, "")
        return given


def control(field: Field, kept: bool) -> forms.Field:
    about: dict[str, Any] = {"label": field.label, "help_text": field.hint, "required": field.required}
    if field.kind == "secret":
        hint = "Empty: the one that is kept." if kept else field.hint
        hidden = forms.PasswordInput({"autocomplete": "new-password"}, render_value=True)
        return forms.CharField(
            label=field.label, help_text=hint, required=field.required and not kept, widget=hidden, strip=False
        )
    if field.kind == "number":
        return forms.IntegerField(**about, initial=field.default or None, min_value=0)
    if field.kind == "email":
        return forms.EmailField(**about, initial=field.default)
    if field.kind == "choice":
        return forms.ChoiceField(**about, initial=field.default, choices=field.choices)
    if field.kind == "flag":
        return forms.BooleanField(label=field.label, help_text=field.hint, required=False, initial=bool(field.default))
    widget = forms.Textarea({"rows": 4, "spellcheck": "false"}) if field.kind == "lines" else forms.TextInput()
    return forms.CharField(**about, initial=field.default, widget=widget)


@sensitive_post_parameters()
@needs("manage")
def connect(request: HttpRequest, kind: str) -> HttpResponse:
    """/settings/channels/connect/<kind>/: the form; on save the settings are tried before they are kept."""
    channel = channel_kinds().get(kind)
    if channel is None or not (channel.polls or channel.receives_hooks):
        raise Http404(kind)
    key, sealed = address_kept(request)
    form = ChannelForm(channel, None, request.POST or None, initial={"_name": channel.label})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            account = flow.connect(
                kind, given["_name"], form.settings(), brand=given["_brand"], user=person(request), key=key
            )
        except Failure as failure:
            form.add_error(None, failure.text)
        else:
            messages.success(request, f"{account.name} is connected.")
            return redirect("channel", account.pk)
    hook = hook_of(key)
    shown = {"channel": channel, "form": form, "hook": hook, "sealed": sealed, "steps": steps_of(channel, hook)}
    return settings.draw(request, "channel_connect.html", shown, here="channels", status=422 if form.errors else 200)


def address_kept(request: HttpRequest) -> tuple[str, str]:
    """The address a new channel will have is made when the form is drawn, for the other side asks for it first."""
    try:
        key = str(Signer(salt="channel-address").unsign(request.POST.get("_key", "")))
    except BadSignature:
        key = make_key()
    if Account.objects.filter(key=key).exists():  # the form was sent before
        key = make_key()
    return key, Signer(salt="channel-address").sign(key)


def hook_of(key: str) -> str:
    return str(django_settings.URL) + reverse("hook", args=[key])


def steps_of(channel: Channel | type[Channel], hook: str) -> list[str]:
    """What to do on the other side, with our address in it."""
    return [step.replace("{hook}", hook) for step in channel.steps]


@sensitive_post_parameters()
@needs("manage")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """/settings/channels/<id>/: how it is, its settings, and what can be done with it."""
    account = get_object_or_404(Account.objects.seen_by(person(request)), pk=pk)
    form = form_of(account, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            change(request, account, form)
            messages.success(request, f"{account.name} was changed.")
            return redirect("channel", pk)
        except Failure as failure:
            form.add_error(None, failure.text)
    return draw_detail(request, account, form, status=422 if form is not None and form.errors else 200)


def form_of(account: Account, given: Any = None) -> ChannelForm | None:
    channel = channel_kinds().get(account.kind)
    if channel is None:
        return None
    plain = dict(account.settings.items())
    return ChannelForm(channel, account, given, initial={**plain, "_name": account.name, "_brand": account.brand_id})


def change(request: HttpRequest, account: Account, form: ChannelForm) -> None:
    """Try the new settings, then keep them. Raises `Failure` with the remedy, and keeps the old ones."""
    given = form.settings()
    channel = open_channel(account.kind, given)
    if channel.fields:
        channel.check()
    account.name, account.brand = form.cleaned_data["_name"], form.cleaned_data["_brand"]
    paused = account.state == State.PAUSED
    accounts.change(account, channel, channel.prepare(given), user=person(request))
    if paused:  # somebody paused it on purpose
        Account.objects.filter(pk=account.pk).update(state=State.PAUSED)


def draw_detail(
    request: HttpRequest, account: Account, form: ChannelForm | None, *, status: int = 200, **more: Any
) -> HttpResponse:
    line = describe(account)
    failed = Delivery.objects.filter(account=account, state=Delivery.State.FAILED).order_by()[:1000].count()
    channel = line["channel"]
    hook = hook_of(account.key) if channel.receives_hooks else ""
    shown = line | behind(account, line["channel"], line["progress"])
    shown |= {
        "form": form,
        "failed": failed,
        "hook": hook,
        "steps": steps_of(channel, hook_of(account.key)),
        "abilities": abilities_of(type(channel)),
        "coverage": coverage.cover(account),
        "has_secret": bool(hook and sent_to_us(channel)),
        "conversations": Conversation.objects.filter(account=account).order_by()[:10_001].count(),
        **more,
    }
    return settings.draw(request, "channel.html", shown, here="channels", status=status)


@require_GET
@needs("manage")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """/settings/channels/<id>/progress/: how far a back-fill is, asked by its page while one is at work."""
    account = get_object_or_404(Account.objects.seen_by(person(request)), pk=pk)
    line = describe(account)
    return render(request, "channel_progress.html", line | behind(account, line["channel"], line["progress"]))


def behind(account: Account, channel: Channel, now_at: Progress | None) -> dict[str, Any]:
    """What the line of progress says. Where the channel cannot tell how far it came, what came last does."""
    if not channel.backfills or not (now_at or account.left):
        return {"behind": None}
    now_at = now_at or Progress()
    share = now_at.share
    return {
        "behind": now_at,
        "reached": now_at.at or coverage.reached(account),
        "forward": bool(now_at.start and now_at.goal and now_at.start < now_at.goal),
        "part": None if share is None else int(share * 100),
    }


@require_POST
@needs("manage")
def do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Pause, resume, ask now, send a test, show a webhook's secret, or delete with everything it brought."""
    account = get_object_or_404(Account.objects.seen_by(person(request)), pk=pk)
    if deed == "secret":
        return show_secret(request, account)
    if deed == "delete":
        return delete(request, account)
    if deed == "test":
        return try_out(request, account)
    if deed == "pause":
        Account.objects.filter(pk=pk).update(state=State.PAUSED)
        said = f"{account.name} is paused. What is sent meanwhile waits on the other side."
    elif deed in ("resume", "retry"):
        Account.objects.filter(pk=pk).update(
            state=State.ACTIVE, retry_at=None, failures=0, last_error="" if deed == "resume" else account.last_error
        )
        said = f"{account.name} is asked now." if deed == "retry" else f"{account.name} goes on."
    else:
        raise Http404(deed)
    live.announce("account", pk)
    settings.record(request, {"pause": "paused", "resume": "resumed", "retry": "retried"}[deed], about(account))
    messages.success(request, said)
    return redirect("channel", pk)


def try_out(request: HttpRequest, account: Account) -> HttpResponse:
    """Send me a test: a delivery as the provider would send it, or the settings tried where nothing knocks."""
    settings.record(request, "tested", about(account))
    try:
        delivery = flow.try_out(account)
    except Failure as failure:
        messages.error(request, f"The test did not get through. {failure.text}")
        return redirect("channel", account.pk)
    if delivery is None:
        messages.success(request, f"{account.name} answered. Its settings work.")
    elif delivery.state == Delivery.State.FAILED:
        messages.error(request, f"The test was kept but not understood. {delivery.reason}")
    else:
        messages.success(request, "The test arrived. It lies in the inbox like any message; close it when you saw it.")
    return redirect("channel", account.pk)


def show_secret(request: HttpRequest, account: Account) -> HttpResponse:
    """The secret the sender needs, for channels that knock here; a mailbox's password is never shown."""
    channel = open_channel(account.kind, account.all_settings)
    if not channel.receives_hooks:
        raise Http404(account.kind)
    settings.record(request, "looked_at_secret", about(account))
    shown = [(f.label, account.secrets.get(f.name, "")) for f in sent_to_us(channel)]
    return draw_detail(
        request, account, form_of(account), secrets=[pair for pair in shown if pair[1]], at=timezone.now()
    )


def sent_to_us(channel: Channel) -> list[Field]:
    """Secrets that are made here and that the other side must be told; what it gave us is never shown again."""
    made = type(channel).prepare({f.name: f.default for f in channel.fields})
    return [f for f in channel.fields if f.kind == "secret" and made.get(f.name)]


def delete(request: HttpRequest, account: Account) -> HttpResponse:
    """Only with its name typed: its messages go with it, and that cannot be undone."""
    if request.POST.get("typed", "").strip().casefold() != account.name.strip().casefold():
        wrong = "The name is not the same. Type it as it stands above, then delete."
        return draw_detail(request, account, form_of(account), status=422, wrong=wrong)
    name = about(account)
    account.delete()
    settings.record(request, "deleted", name)
    messages.success(request, f"{account.name} and everything it brought was deleted.")
    return redirect("channels")


def about(account: Account) -> str:
    return f"{account.kind}: {account.name}"
