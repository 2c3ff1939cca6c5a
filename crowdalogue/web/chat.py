"""The widget's door: its script, a visitor's start, messages both ways, files, live answers, receipts.

    GET  /chat/<key>/widget.js            the script; everything below is called by it
    GET  /chat/<key>/config?lang=de       what it shows, and whether somebody is there
    POST /chat/<key>/start                {token, identity} -> a signed visitor token and what was said
    GET  /chat/<key>/messages?before=     earlier ones; ?after= what is new
    POST /chat/<key>/messages             {id, text, ...}; the same id again is the same message
    POST /chat/<key>/files                multipart: id, file
    GET  /chat/<key>/files/<n>?s=         one file, by its signed address
    GET  /chat/<key>/events?after=        a stream: message, typing
    POST /chat/<key>/typing, /read        {on}, {place}

All but the script and files need an allowed site; all after `start` the visitor's token.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from crowdalogue import flow
from crowdalogue.channels import webpage
from crowdalogue.channels.webchat import MESSAGE_ID, external_id
from crowdalogue.errors import Refused
from crowdalogue.listen import attachments
from crowdalogue.models import Account, Attachment, Message
from crowdalogue.web import chat_stream, talk, uploads, visitors, welcome
from crowdalogue.web.chat_words import RIGHT_TO_LEFT, WORDS
from crowdalogue.web.files import FILE_POLICY
from crowdalogue.web.hooks import refuse
from crowdalogue.web.visitors import Visitor, allow, door, json_of, text_at, visitor_of

LONGEST = 4000  # characters of one message
STATIC = settings.STATICFILES_DIRS[0]
FORM_WORDS = ("thanks", "answer_by", "expired", "quick", "trap", "often", "wrong", "once_more")


# --- the script


@lru_cache(maxsize=1)
def script() -> tuple[bytes, bytes, str]:
    """The widget with its styles inside: (plain, gzipped, ETag). Read once a process."""
    styles = json.dumps((STATIC / "widget.css").read_text())
    plain = (STATIC / "widget.js").read_text().replace('"/* widget.css */"', styles).encode()
    return plain, gzip.compress(plain, 9, mtime=0), '"' + hashlib.sha256(plain).hexdigest()[:16] + '"'


@require_safe
def widget(request: HttpRequest, key: str) -> HttpResponse:
    """GET /chat/<key>/widget.js: the same for everybody; 404 where there is no such chat."""
    if not Account.objects.filter(key=key, kind="webchat").exists():
        return HttpResponse("// There is no such chat here.", status=404, content_type="text/javascript")
    plain, packed, tag = script()
    headers = {
        "Cache-Control": "public, max-age=300",
        "ETag": tag,
        "Vary": "Accept-Encoding",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == tag:
        return HttpResponse(status=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return HttpResponse(
            packed, content_type="text/javascript; charset=utf-8", headers={**headers, "Content-Encoding": "gzip"}
        )
    return HttpResponse(plain, content_type="text/javascript; charset=utf-8", headers=headers)


@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    """GET /chat/<key>/: the chat on a page of our own, to link to and to try."""
    try:
        account = visitors.account_of(key, "webchat")
    except Refused as refused:
        return HttpResponse(refused.text, status=refused.status, content_type="text/plain; charset=utf-8")
    language = welcome.language_of(request.headers.get("accept-language", ""), account)
    shown = {
        "key": key,
        "language": language,
        "dir": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "title": webpage.said_in(welcome.settings_of(account)["title"], language),
    }
    return render(request, "chat_page.html", shown)


# --- what it shows


@door("GET")
def config(request: HttpRequest, account: Account) -> HttpResponse:
    """What the widget shows: words in the page's language, colour, questions, and whether somebody is there."""
    allow("config", visitors.address_of(request), 120)
    return JsonResponse(config_of(account, request.GET.get("lang", "")))


def config_of(account: Account, wanted: str) -> dict[str, Any]:
    given = welcome.settings_of(account)
    language = welcome.language_of(wanted, account)
    there = welcome.presence(account)
    colour = str(given["colour"] or "#2c50bf")
    return {
        "lang": language,
        "dir": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "words": {name: text for name, text in WORDS[language].items() if name not in FORM_WORDS},
        "title": webpage.said_in(given["title"], language) or WORDS[language]["open"],
        "greeting": webpage.said_in(given["greeting"], language),
        "colour": colour,
        "ink": welcome.ink_on(colour),
        "questions": [
            {"name": q.name, "label": q.label or WORDS[language][q.name], "needed": q.needed}
            for q in webpage.questions_of(given["questions"])
        ],
        "files": uploads.ACCEPT if given["files"] else "",
        "largest": uploads.LARGEST,
        "longest": LONGEST,
        "there": there.open,
        "opens": there.opens_at.isoformat() if there.opens_at else None,
        "away": given["away"],
        "away_text": webpage.said_in(given["away_text"], language),
        "mails": webpage.mails(given),
    }


# --- who it is


@door("POST")
def start(request: HttpRequest, account: Account) -> HttpResponse:
    """{token, identity: {customer_id, email, name, signature}} -> {token, visitor, known, messages, earlier}.

    403 where the signature is wrong. A token of somebody who is no longer signed in on the site is not taken up: the
    next person at this browser must not read it.
    """
    allow("start", visitors.address_of(request), 60)
    given = json_of(request)
    old = visitors.read_token(account, text_at(given, "token", 2000))
    vouched = vouched_for(account, given.get("identity"))
    visitor = choose(account, old, vouched)
    said, earlier = talk.read(account, visitor)
    talk.mark(account, said, "delivered")
    return JsonResponse(
        {
            "token": visitors.token_of(account, visitor),
            "visitor": visitor.id,
            "known": visitor.vouched,
            "email": bool(visitor.email),
            "messages": talk.drawn(account, visitor, said),
            "earlier": earlier,
        }
    )


def vouched_for(account: Account, identity: Any) -> Visitor | None:
    """Whom the site says it is, if it says so and its signature is right. Raises `Refused`."""
    if not identity:
        return None
    if not isinstance(identity, dict):
        raise Refused('"identity" must be an object.', status=400)
    customer, email = text_at(identity, "customer_id", 200), text_at(identity, "email", 254)
    secret = str(account.secrets.get("secret") or "")
    if not webpage.proven(secret, customer, email, text_at(identity, "signature", 100)):
        raise Refused("The signature of this customer is wrong. Sign customer id, newline and e-mail with the secret.")
    return visitors.known_customer(account, customer, email, text_at(identity, "name", 200))


def choose(account: Account, old: Visitor | None, vouched: Visitor | None) -> Visitor:
    """Whether this browser goes on as the visitor it was."""
    if vouched is None:
        return old if old and not old.vouched else visitors.new_visitor()
    if old is None or old.id == vouched.id:
        return vouched
    same = (old.customer_id, old.email) == (vouched.customer_id, vouched.email)
    if same or (not old.vouched and talk.conversations(account, old)):  # a talk begun before signing in goes on
        return Visitor(old.id, vouched.customer_id, vouched.email, vouched.name)
    return vouched


# --- messages


@door("GET", "POST")
def messages(request: HttpRequest, account: Account) -> HttpResponse:
    """GET ?after= or ?before= a place -> {messages, earlier}; POST {id, text, answers, email, page} -> {message}."""
    visitor = visitor_of(request, account)
    if request.method == "POST":
        return say(request, account, visitor)
    allow("read", visitor.id, 120)
    said, earlier = talk.read(account, visitor, after=place_at(request, "after"), before=place_at(request, "before"))
    talk.mark(account, said, "delivered")
    return JsonResponse({"messages": talk.drawn(account, visitor, said), "earlier": earlier})


def place_at(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


def say(request: HttpRequest, account: Account, visitor: Visitor) -> HttpResponse:
    allow("say", visitor.id, 30)
    allow("say from", visitors.address_of(request), 300)
    given = json_of(request)
    text = text_at(given, "text", LONGEST + 1)
    if not text:
        raise Refused("There is no text. Write a message first.", status=422)
    if len(text) > LONGEST:
        raise Refused(f"This is longer than {LONGEST} characters. Send it in parts.", status=413)
    return keep(account, visitor, given, {"text": text})


@door("POST")
def files(request: HttpRequest, account: Account) -> HttpResponse:
    """Multipart: id, file, and `more` (JSON with the other names of a message) -> {message}."""
    visitor = visitor_of(request, account)
    allow("file", visitor.id, 10)
    allow("file from", visitors.address_of(request), 60)
    if not welcome.settings_of(account)["files"]:
        raise Refused("Files cannot be sent here. Describe it in words.", status=415)
    upload = request.FILES.get("file")
    if upload is None:
        raise Refused("There is no file.", status=400)
    try:
        given = json.loads(request.POST.get("more", "")[: visitors.LARGEST_JSON] or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refused('"more" is no JSON object.', status=400)
    given["id"] = request.POST.get("id", "")
    return keep(account, visitor, given, {"text": "", "files": [uploads.checked(upload)]})


def keep(account: Account, visitor: Visitor, given: dict[str, Any], content: dict[str, Any]) -> HttpResponse:
    """Through the one door: kept, then filed. The same id again is the same message."""
    number = text_at(given, "id", 65)
    if not MESSAGE_ID.fullmatch(number):
        raise Refused('"id" must have 8 to 64 letters, digits or dashes.', status=400)
    now = timezone.now()
    item = {"event": "message", "id": number, "at": now.isoformat(), **who(account, visitor, given), **content}
    key = "chat-" + hashlib.sha256(f"{visitor.id}\n{number}".encode()).hexdigest()
    raw = webpage.sealed(str(account.secrets.get("secret") or ""), item, now, key)
    delivery = flow.receive(account, raw, trusted=True)
    row = Message.objects.filter(account=account, external_id=external_id(visitor.id, number)).first()
    if row is None:
        return JsonResponse({"message": None, "kept": delivery.pk}, status=202)
    talk.visitor_writes(row.conversation_id, False)
    (shown,) = talk.drawn(account, visitor, [talk.Said(row, row.received_at, False)])
    return JsonResponse({"message": shown})


def who(account: Account, visitor: Visitor, given: dict[str, Any]) -> dict[str, Any]:
    """The visitor as an item says it: what the site vouches for, then what they answered themselves."""
    answered, answers = answers_of(account, given)
    email = visitor.email or visitors.address_in(answered.get("email", ""))
    page = given.get("page") if isinstance(given.get("page"), dict) else {}
    away = visitors.address_in(text_at(given, "answer_to", 254)) or (email if given.get("away") is True else "")
    said: dict[str, Any] = {
        "visitor": visitor.id,
        "name": visitor.name or answered.get("name", ""),
        "email": email or away,
        "phone": answered.get("phone", ""),
        "language": text_at(given, "language", 12),
        "answers": answers,
        "answer_to": away,
        "page": {"url": text_at(page, "url", 500), "title": text_at(page, "title", 200)},
    }
    if visitor.vouched:
        said |= {"vouched": True, "customer_id": visitor.customer_id, "vouched_email": bool(visitor.email)}
    return {name: value for name, value in said.items() if value}


def answers_of(account: Account, given: dict[str, Any]) -> tuple[dict[str, str], list[dict[str, str]]]:
    """(answers by name, answers to the site's own questions in its words); what was not asked is left out."""
    found = given.get("answers")
    found = found if isinstance(found, dict) else {}
    asked = webpage.questions_of(welcome.settings_of(account)["questions"])
    by_name = {q.name: text_at(found, q.name, 500) for q in asked}
    own = [{"question": q.label, "answer": by_name[q.name]} for q in asked if q.label and by_name[q.name]]
    return by_name, own


@require_safe
def file(request: HttpRequest, key: str, pk: int) -> HttpResponseBase:
    """A file of a talk, always saved and never opened here; its signed address is the right to read it."""
    account = Account.objects.filter(key=key, kind="webchat").first()
    if account is None or not talk.may_open(account, pk, request.GET.get("s", "")):
        return refuse(404, "This address has ended. Open the chat again and choose the file there.")
    row = Attachment.objects.filter(pk=pk, message__account=account).first()
    place = attachments.path_of(row.digest) if row and row.digest else None
    if row is None or place is None or not place.is_file():
        return refuse(404, "This file is no longer here.")
    return FileResponse(
        place.open("rb"),
        filename=row.name,
        as_attachment=True,
        content_type="application/octet-stream",
        headers={
            "Content-Security-Policy": FILE_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


# --- live


@door("GET")
def events(request: HttpRequest, account: Account) -> HttpResponseBase:
    """A stream of `message` (as in `messages`) and `typing` (true, false), from the place `after` on."""
    visitor = visitor_of(request, account)
    allow("events", visitor.id, 30)
    chat_stream.begin(visitor.id, visitors.address_of(request))
    return StreamingHttpResponse(
        chat_stream.events(account, visitor, place_at(request, "after") or 0, visitors.address_of(request)),
        content_type="text/event-stream; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@door("POST")
def typing(request: HttpRequest, account: Account) -> HttpResponse:
    visitor = visitor_of(request, account)
    allow("typing", visitor.id, 40)
    writing = json_of(request).get("on") is True
    for conversation in talk.conversations(account, visitor):
        talk.visitor_writes(conversation, writing)
    return HttpResponse(status=204)


@door("POST")
def read(request: HttpRequest, account: Account) -> HttpResponse:
    """{place}: everything up to there was seen by the visitor. -> {read: how many that were new}"""
    visitor = visitor_of(request, account)
    allow("read receipts", visitor.id, 60)
    place = json_of(request).get("place")
    if not isinstance(place, int) or isinstance(place, bool):
        raise Refused('"place" must be a number.', status=400)
    said, _ = talk.read(account, visitor, before=place + 1)
    return JsonResponse({"read": talk.mark(account, said, "read")})


urlpatterns = [
    path("", page, name="chat"),
    path("widget.js", widget, name="chat_script"),
    path("config", config),
    path("start", start),
    path("messages", messages),
    path("files", files),
    path("files/<int:pk>", file, name="chat_file"),
    path("events", events),
    path("typing", typing),
    path("read", read),
]
