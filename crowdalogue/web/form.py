"""The web form: a page without script or cookie that files a message and says when and where the answer comes.

    GET  /form/<key>/           the form; ?lang=de for a language, ?plain for standing inside another page
    POST /form/<key>/           files it; the signed token in the page makes sending twice once
    GET  /form/<key>/style.css  the account's colour, which a policy without inline styles cannot take otherwise

There is no CSRF token, for there is nothing a foreign page could ride on: nobody is signed in here.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from crowdalogue import flow
from crowdalogue.channels import webpage
from crowdalogue.errors import Refused
from crowdalogue.models import Account
from crowdalogue.web import uploads, visitors, welcome
from crowdalogue.web.chat_words import RIGHT_TO_LEFT, WORDS
from crowdalogue.web.policy import POLICY

SALT = "crowdalogue.form"
OPEN_S = 24 * 3600
QUICKEST_S = 2  # nobody writes a message faster; programs do
LONGEST = 10_000
TRAP = "website"  # people do not see it; programs fill it in


@dataclass
class Filled:
    """What was typed, and what is wrong with it by field; `trouble` is about the whole."""

    values: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    status: int = 200


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, key: str) -> HttpResponse:
    try:
        account = visitors.account_of(key, "webform")
    except Refused as refused:
        return HttpResponse(refused.text, status=refused.status, content_type="text/plain; charset=utf-8")
    wanted = request.GET.get("lang", "") or request.headers.get("accept-language", "")
    language = welcome.language_of(wanted, account)
    if request.method != "POST":
        return draw(request, account, language, Filled(), token_of(account))
    return take(request, account, language)


def token_of(account: Account) -> str:
    return signing.TimestampSigner(salt=SALT).sign_object([account.key, secrets.token_hex(12)])


def read_token(account: Account, token: str) -> tuple[str, str]:
    """(the number of this form, what is wrong with the token: expired, quick or nothing)."""
    signer = signing.TimestampSigner(salt=SALT)
    try:
        key, number = signer.unsign_object(token[:500], max_age=OPEN_S)
    except (signing.BadSignature, ValueError, TypeError):
        return "", "expired"
    if key != account.key:
        return "", "expired"
    try:
        signer.unsign_object(token, max_age=QUICKEST_S)
    except signing.SignatureExpired:
        return number, ""
    return number, "quick"


def take(request: HttpRequest, account: Account, language: str) -> HttpResponse:
    """Check, file, and say where and when the answer comes; or the form again with everything that was typed."""
    words = WORDS[language]
    given, trap = checked(request, account, words)
    number, fault = read_token(account, request.POST.get("token", ""))
    token = token_of(account) if fault == "expired" else request.POST.get("token", "")
    if given.wrong:
        given.trouble, given.status = words["wrong"], 422
    elif trap:
        given.wrong[TRAP], given.trouble, given.status = words["trap"], words["wrong"], 422
    elif fault:
        given.trouble, given.status = words[fault], 422
    if given.trouble:
        return draw(request, account, language, given, token)
    try:
        visitors.allow("form", visitors.address_of(request), 10)
        files = files_of(request, account)
    except Refused as refused:
        told = {429: "often", 413: "too_large", 415: "bad_file"}.get(refused.status, "wrong")
        said = words[told].format(size=uploads.LARGEST >> 20)
        if refused.status != 429:
            given.wrong["file"], said = said, words["wrong"]
        given.trouble, given.status = said, refused.status
        return draw(request, account, language, given, token)
    keep(account, language, number, given.values, files)
    return thank(request, account, language, given.values["email"])


def checked(request: HttpRequest, account: Account, words: dict[str, str]) -> tuple[Filled, bool]:
    """What was typed with its faults, and whether the field that people do not see was filled in."""
    filled = Filled()
    for one in fields_of(account, words):
        value = request.POST.get(one["name"], "").replace("\x00", "").strip()[: LONGEST + 1]
        filled.values[one["name"]] = value
        if one["needed"] and not value:
            filled.wrong[one["name"]] = words["needed"]
        elif one["name"] == "email" and not visitors.address_in(value):
            filled.wrong["email"] = words["bad_email"]
        elif len(value) > (LONGEST if one["name"] == "text" else 500):
            filled.wrong[one["name"]] = words["too_long"]
    return filled, bool(request.POST.get(TRAP, ""))


def fields_of(account: Account, words: dict[str, str]) -> list[dict[str, Any]]:
    """Name and e-mail, the account's own questions, the message."""
    asked = {q.name: q for q in webpage.questions_of(welcome.settings_of(account)["questions"])}
    found = []
    for name in dict.fromkeys(["name", "email", *asked]):
        question = asked.get(name)
        found.append(
            {
                "name": name,
                "label": (question.label if question else "") or words[name],
                "needed": name == "email" or bool(question and question.needed),
                "type": {"email": "email", "phone": "tel"}.get(name, "text"),
                "autocomplete": {"name": "name", "email": "email", "phone": "tel"}.get(name, "off"),
            }
        )
    return [*found, {"name": "text", "label": words["write"], "needed": True, "type": "textarea"}]


def files_of(request: HttpRequest, account: Account) -> list[dict[str, Any]]:
    upload = request.FILES.get("file")
    return [uploads.checked(upload)] if upload is not None and welcome.settings_of(account)["files"] else []


def keep(account: Account, language: str, number: str, values: dict[str, str], files: list[dict[str, Any]]) -> None:
    """Through the one door. The same form sent twice is one message; sent again with other words it is another."""
    content = "\n".join([*values.values(), *(f["content"] for f in files)])
    name = f"{number}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    asked = webpage.questions_of(welcome.settings_of(account)["questions"])
    now = timezone.now()
    item = {
        "event": "message",
        "id": name,
        "at": now.isoformat(),
        "name": values["name"],
        "email": values["email"],
        "phone": values.get("phone", ""),
        "language": language,
        "text": values["text"],
        "answers": [{"question": q.label, "answer": values[q.name]} for q in asked if q.label and values[q.name]],
        "files": files,
    }
    raw = webpage.sealed(str(account.secrets.get("secret") or ""), item, now, f"form-{name}")
    flow.receive(account, raw, trusted=True)


# --- the pages


def draw(request: HttpRequest, account: Account, language: str, given: Filled, token: str) -> HttpResponse:
    words, settings = WORDS[language], welcome.settings_of(account)
    fields = fields_of(account, words)
    for one in fields:
        one |= {"value": given.values.get(one["name"], ""), "wrong": given.wrong.get(one["name"], "")}
    there = welcome.presence(account)
    shown = {
        "fields": fields,
        "trouble": given.trouble,
        "wrong": given.wrong,
        "token": token,
        "trap": TRAP,
        "accept": uploads.ACCEPT if settings["files"] else "",
        "greeting": webpage.said_in(settings["greeting"], language),
        "away": "" if there.open else webpage.said_in(settings["away_text"], language),
    }
    return respond(request, account, language, "form_page.html", shown, given.status)


def thank(request: HttpRequest, account: Account, language: str, email: str) -> HttpResponse:
    there = welcome.presence(account)
    when = moment(there.due_at, there.zone, language)
    shown = {"thanks": WORDS[language]["answer_by"].format(email=email, when=when)}
    return respond(request, account, language, "form_page.html", shown, 200)


def moment(at: datetime, zone: str, language: str) -> str:
    """Tuesday 24 November, 10:00 (Europe/Berlin), in the reader's language."""
    with translation.override(language):
        return f"{date_format(at.astimezone(ZoneInfo(zone)), 'l j F, H:i')} ({zone})"


def respond(
    request: HttpRequest, account: Account, language: str, template: str, shown: dict[str, Any], status: int
) -> HttpResponse:
    settings = welcome.settings_of(account)
    frame = {
        "account": account,
        "language": language,
        "dir": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "title": webpage.said_in(settings["title"], language) or WORDS[language]["write"],
        "words": WORDS[language],
        "plain": "plain" in request.GET,
        "address": request.get_full_path(),
    }
    response = render(request, template, frame | shown, status=status)
    sites = " ".join(["'self'", *visitors.origins_of(account)])
    response["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'self'", f"frame-ancestors {sites}")
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def style(request: HttpRequest, key: str) -> HttpResponse:
    """The account's colour, with ink that can be read on it."""
    account = Account.objects.filter(key=key, kind="webform").first()
    colour = str(welcome.settings_of(account)["colour"]) if account else ""
    ink = welcome.ink_on(colour)
    sheet = f".hosted .btn.main {{ background: {colour}; border-color: {colour}; color: {ink}; }}\n" if account else ""
    return HttpResponse(sheet, content_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=300"})


urlpatterns = [path("", page, name="form"), path("style.css", style, name="form_style")]
