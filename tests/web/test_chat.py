"""The widget's door: allowed sites only, nobody reads another's talk, and a message sent twice is one."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels import webpage
from crowdalogue.channels.base import Attachment
from crowdalogue.channels.webpage import LANGUAGES, proof
from crowdalogue.listen import intake
from crowdalogue.models import Account, Conversation, Delivery, Message, Reply, User
from crowdalogue.web import chat, visitors
from crowdalogue.web.chat_words import WORDS

SITE = "https://www.example.com"
SECRET = "a secret of the shop, long enough"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    visitors.OFTEN.forget()
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def widget(account: Callable[..., Account], company: Any) -> Account:
    given = {"origins": SITE, "title": "Lamp shop", "questions": "name\nemail\nOrder number*"}
    return account("webchat", settings=given, secrets={"secret": SECRET})


class Browser:
    """A page of a site with the widget in it: no cookies, a token once it has begun."""

    def __init__(self, account: Account, origin: str = SITE) -> None:
        self.account, self.origin, self.token = account, origin, ""
        self.http = Client(enforce_csrf_checks=True)

    def headers(self) -> dict[str, str]:
        token = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**({"Origin": self.origin} if self.origin else {}), **token}

    def get(self, path: str) -> Any:
        return self.http.get(f"/chat/{self.account.key}/{path}", headers=self.headers())

    def post(self, path: str, given: Any) -> Any:
        body = given if isinstance(given, str | bytes) else json.dumps(given)
        return self.http.post(
            f"/chat/{self.account.key}/{path}", body, content_type="application/json", headers=self.headers()
        )

    def start(self, **given: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.post("start", {"token": self.token, **given}).json()
        self.token = found["token"]
        return found

    def say(self, text: str, number: str = "message-1", **more: Any) -> Any:
        return self.post("messages", {"id": number, "text": text, **more})

    def send_file(self, name: str, content: bytes, number: str = "message-9") -> Any:
        given = {"id": number, "file": SimpleUploadedFile(name, content)}
        return self.http.post(f"/chat/{self.account.key}/files", given, headers=self.headers())

    def read(self, query: str = "") -> list[str]:
        return [m["text"] for m in self.get(f"messages{query}").json()["messages"]]


@pytest.fixture
def mara(widget: Account) -> Browser:
    browser = Browser(widget)
    browser.start()
    return browser


def answer(user: User, conversation: Conversation, text: str, number: int = 1) -> Reply:
    reply = flow.answer(user, conversation, text, key=f"answer-key-{number}")
    flow.deliver()
    reply.refresh_from_db()
    return reply


# --- the script


def test_the_whole_widget_is_small(widget: Account, client_for: Callable[..., Client]) -> None:
    plain, packed, _ = chat.script()
    print(f"\nwidget.js with its styles: {len(plain)} bytes, {len(packed)} gzipped")
    assert len(packed) <= 30_000
    assert b"/* widget.css */" not in plain
    got = client_for(None).get(f"/chat/{widget.key}/widget.js", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(got.content) == plain
    assert got.headers["Content-Type"].startswith("text/javascript")
    assert got.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not got.cookies
    again = client_for(None).get(f"/chat/{widget.key}/widget.js", headers={"If-None-Match": got.headers["ETag"]})
    assert again.status_code == 304
    assert client_for(None).get("/chat/nothing/widget.js").status_code == 404


# --- which sites


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", "http://www.example.com", "null", "https://www.example.com.evil.test"]
)
def test_other_sites_are_refused(widget: Account, origin: str) -> None:
    page = Browser(widget, origin)
    for refused in (
        page.get("config"),
        page.post("start", {}),
        page.http.options(f"/chat/{widget.key}/start", headers={"Origin": origin}),
    ):
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused.headers
    assert Delivery.objects.count() == 0


def test_an_allowed_site_is_let_in_without_cookies(widget: Account) -> None:
    page = Browser(widget)
    before = page.http.options(f"/chat/{widget.key}/start", headers={"Origin": SITE})
    assert before.status_code == 204
    assert "authorization" in before.headers["Access-Control-Allow-Headers"]
    got = page.get("config")
    assert got.headers["Access-Control-Allow-Origin"] == SITE
    assert "Access-Control-Allow-Credentials" not in got.headers
    assert "Origin" in got.headers["Vary"]
    assert not got.cookies
    assert Browser(widget, "").post("start", {}).status_code == 403  # no browser posts without saying its site
    assert page.http.delete(f"/chat/{widget.key}/messages", headers=page.headers()).status_code == 405


def test_our_own_page_may_stand_for_a_site(widget: Account, settings: Any) -> None:
    assert Browser(widget, settings.URL).get("config").status_code == 200
    page = Client().get(f"/chat/{widget.key}/")
    assert page.status_code == 200
    assert b"widget.js" in page.content
    assert Client().get("/chat/nothing/").status_code == 404


def test_a_paused_or_unknown_chat_says_so(widget: Account) -> None:
    Account.objects.update(state=Account.State.PAUSED)
    assert Browser(widget).get("config").status_code == 503
    widget.key = "unknown"
    assert Browser(widget).get("config").status_code == 404


def test_the_widget_is_told_what_to_show(widget: Account) -> None:
    shown = Browser(widget).get("config?lang=de-AT").json()
    assert (shown["lang"], shown["dir"], shown["title"]) == ("de", "ltr", "Lamp shop")
    assert shown["words"]["send"] == "Senden"
    assert [(q["name"], q["label"], q["needed"]) for q in shown["questions"]] == [
        ("name", "Ihr Name", False),
        ("email", "Ihre E-Mail-Adresse", False),
        ("q3", "Order number", True),
    ]
    assert shown["there"] is True
    assert Browser(widget).get("config?lang=ar").json()["dir"] == "rtl"
    assert Browser(widget).get("config?lang=fi").json()["lang"] == "en"
    assert SECRET not in json.dumps(shown)


# --- talking


def test_a_message_is_kept_filed_and_shown(mara: Browser, helper: User, client_for: Callable[..., Client]) -> None:
    said = mara.say(
        "Does it fit?",
        answers={"name": "Mara Lind", "email": "mara@example.com", "q3": "48213", "customer_id": "c-1"},
        page={"url": SITE + "/lamps", "title": "Lamps"},
    )
    assert said.status_code == 200
    assert said.json()["message"]["key"] == "message-1"
    message = Message.objects.get()
    delivery = Delivery.objects.get()
    assert message.delivery == delivery
    assert json.loads(bytes(delivery.body))["text"] == "Does it fit?"
    conversation = message.conversation
    assert conversation.subject == "Order number: 48213"
    assert conversation.waiting_since is not None
    assert conversation.handle is not None
    assert (conversation.handle.kind, conversation.handle.name) == ("webchat", "Mara Lind")
    assert conversation.handle.facts.get("email") == "mara@example.com"
    assert "email_verified" not in conversation.handle.facts
    assert "customer_id" not in conversation.handle.facts
    assert message.extra["page"] == SITE + "/lamps"
    seen = client_for(helper).get(f"/inbox/{conversation.pk}/").content.decode()
    assert f'Written on <a href="{SITE}/lamps"' in seen
    assert "Order number: 48213" in seen


def test_sent_twice_is_once(mara: Browser) -> None:
    first = mara.say("Hello").json()
    assert mara.say("Hello").json() == first
    assert mara.say("And another", "message-2").status_code == 200
    assert Message.objects.count() == 2
    assert Conversation.objects.count() == 1
    assert mara.read() == ["Hello", "And another"]


def test_a_door_that_died_between_keeping_and_filing_loses_nothing(mara: Browser, widget: Account) -> None:
    """The delivery was kept, the answer never came: the widget sends again, and a worker files what was kept."""
    visitor = visitors.read_token(widget, mara.token)
    assert visitor is not None
    item = {"event": "message", "id": "message-1", "visitor": visitor.id, "text": "Hello"}
    key = "chat-" + hashlib.sha256(f"{visitor.id}\nmessage-1".encode()).hexdigest()
    intake.keep(widget, webpage.sealed(SECRET, item, timezone.now(), key))
    again = mara.say("Hello")
    assert (again.status_code, again.json()["message"]) == (202, None)
    Delivery.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    assert flow.pick_up() == 1
    assert mara.read() == ["Hello"]
    assert mara.say("Hello").json()["message"]["text"] == "Hello"
    assert Message.objects.count() == 1


def test_two_visitors_may_use_the_same_id(mara: Browser, widget: Account) -> None:
    other = Browser(widget)
    other.start()
    mara.say("From Mara")
    other.say("From Otto")
    assert (mara.read(), other.read()) == (["From Mara"], ["From Otto"])
    assert Conversation.objects.count() == 2


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"id": "message-1", "text": ""}, 422),
        ({"id": "message-1", "text": " \n"}, 422),
        ({"id": "message-1", "text": "x" * 4001}, 413),
        ({"id": "message-1", "text": ["x"]}, 400),
        ({"id": "short", "text": "x"}, 400),
        ({"id": "in:visitor:x", "text": "x"}, 400),
        ([], 400),
        ("{", 400),
        (b"[" * 3000, 400),
        (b'{"text": "' + b"x" * 70_000 + b'"}', 413),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_what_is_no_message_is_refused(mara: Browser, given: Any, status: int) -> None:
    refused = mara.post("messages", given)
    assert refused.status_code == status
    assert refused.json()["error"]["text"]
    assert refused.headers["Access-Control-Allow-Origin"] == SITE
    assert Message.objects.count() == 0


def test_odd_things_in_a_message_break_nothing(mara: Browser) -> None:
    odd = mara.say("<b>\x00é\ud83d\ude00", answers=["x"], page="y", language=None)
    assert odd.status_code == 200
    assert Message.objects.get().text == "<b>é😀"


def test_without_a_token_there_is_nothing(mara: Browser, widget: Account, account: Callable[..., Account]) -> None:
    mara.say("Hello")
    other = account("webchat", settings={"origins": SITE}, secrets={"secret": SECRET})
    elsewhere = Browser(other)
    elsewhere.start()
    for token in ("", "nonsense", mara.token[:-2] + "xx", elsewhere.token):
        page = Browser(widget)
        page.token = token
        assert page.get("messages").status_code == 401
        assert page.say("x").status_code == 401
        assert page.get("events").status_code == 401
        assert page.post("read", {"place": 1}).status_code == 401
        assert page.post("typing", {"on": True}).status_code == 401
        assert page.send_file("a.png", PNG).status_code == 401


# --- answers


def test_an_answer_is_read_once_it_is_sent(mara: Browser, helper: User) -> None:
    mara.say("Does it fit?")
    conversation = Conversation.objects.get()
    flow.note(helper, conversation, "She has lot 38", key="note-note-1")
    reply = flow.answer(helper, conversation, "Yes, it does.", key="answer-key-1")
    assert mara.read() == ["Does it fit?"], "neither the note nor what is not sent yet"
    flow.deliver()
    reply.refresh_from_db()
    assert reply.state == Reply.State.SENT
    got = mara.get("messages").json()["messages"]
    assert [(m["text"], m["ours"], m["name"]) for m in got] == [
        ("Does it fit?", False, ""),
        ("Yes, it does.", True, "Hana Helper"),
    ]
    reply.refresh_from_db()
    assert reply.delivered_at is not None
    assert reply.read_at is None


def test_a_late_answer_is_not_missed_by_who_asks_what_is_new(mara: Browser, helper: User) -> None:
    """It is written before and sent after the visitor's next message: the place to go on from is when it was sent."""
    mara.say("One")
    reply = flow.answer(helper, Conversation.objects.get(), "Two", key="answer-key-1")
    mara.say("Three", "message-3")
    place = mara.get("messages").json()["messages"][-1]["place"]
    flow.deliver()
    reply.refresh_from_db()
    assert "Two" in mara.read(f"?after={place}")


def test_another_visitor_sees_nothing(mara: Browser, widget: Account, helper: User) -> None:
    mara.say("Does it fit?")
    answer(helper, Conversation.objects.get(), "Yes, it does.")
    mara.send_file("lamp.png", PNG)
    other = Browser(widget)
    assert other.start()["messages"] == []
    assert other.read() == []
    assert other.read("?after=0") == []
    place = mara.get("messages").json()["messages"][-1]["place"]
    assert other.post("read", {"place": place}).json() == {"read": 0}
    assert Reply.objects.get().read_at is None


def test_talks_that_became_one_stay_apart_for_the_visitors(mara: Browser, widget: Account, helper: User) -> None:
    from crowdalogue.listen import filing

    other = Browser(widget)
    other.start()
    mara.say("From Mara")
    other.say("From Otto")
    first, second = Conversation.objects.order_by("id")
    answer(helper, first, "To Mara", 1)
    answer(helper, second, "To Otto", 2)
    filing.merge_conversations(second.pk, first.pk)
    assert (mara.read(), other.read()) == (["From Mara", "To Mara"], ["From Otto", "To Otto"])
    answer(helper, Conversation.objects.get(), "To Mara again", 3)
    assert "To Mara again" in mara.read()
    assert "To Mara again" not in other.read()


def test_reading_is_told_to_the_agent(mara: Browser, helper: User) -> None:
    mara.say("Does it fit?")
    reply = answer(helper, Conversation.objects.get(), "Yes, it does.")
    place = mara.get("messages").json()["messages"][-1]["place"]
    assert mara.post("read", {"place": place - 1}).json() == {"read": 0}
    assert mara.post("read", {"place": place}).json() == {"read": 1}
    assert mara.post("read", {"place": place}).json() == {"read": 0}
    reply.refresh_from_db()
    assert reply.read_at is not None
    assert mara.post("read", {"place": "x"}).status_code == 400


def test_an_agent_sees_that_the_customer_writes(mara: Browser, helper: User, client_for: Callable[..., Client]) -> None:
    assert mara.post("typing", {"on": True}).status_code == 204
    mara.say("Hello")
    page = client_for(helper)
    here = f"/inbox/{Conversation.objects.get().pk}/here/"
    assert page.post(here).json()["words"] == ""
    mara.post("typing", {"on": True})
    assert page.post(here).json()["words"] == "The customer is writing."
    mara.say("I mean", "message-2")
    assert page.post(here).json()["words"] == ""


def test_history_comes_in_parts(mara: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdalogue.web.talk.AT_ONCE", 3)
    for n in range(5):
        mara.say(f"number {n}", f"message-{n}")
    begun = mara.start()
    assert [m["text"] for m in begun["messages"]] == ["number 2", "number 3", "number 4"]
    assert begun["earlier"] is True
    before = mara.get(f"messages?before={begun['messages'][0]['place']}").json()
    assert [m["text"] for m in before["messages"]] == ["number 0", "number 1"]
    assert before["earlier"] is False
    assert mara.get("messages?before=x&after=-1").status_code == 200
    assert mara.get("messages?after=999999999999999999").status_code == 200


# --- files


def test_a_file_is_sent_and_read_back(mara: Browser, widget: Account) -> None:
    sent = mara.send_file("../broken lamp.png", PNG)
    assert sent.status_code == 200, sent.content
    assert mara.send_file("../broken lamp.png", PNG).json()["message"]["id"] == sent.json()["message"]["id"]
    (file,) = sent.json()["message"]["files"]
    assert (file["name"], file["size"]) == ("broken lamp.png", len(PNG))
    got = Client().get(file["path"])
    assert b"".join(got.streaming_content) == PNG  # type: ignore[attr-defined]
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert base64.b64encode(PNG).decode() in bytes(Delivery.objects.get().body).decode()
    for spoiled in (file["path"][:-1], file["path"].partition("?")[0], file["path"].replace("/files/", "/files/9")):
        assert Client().get(spoiled).status_code == 404


def test_a_file_of_an_agent_is_opened_by_the_visitor(mara: Browser, helper: User) -> None:
    mara.say("Where do I press?")
    plan = Attachment("plan.pdf", "application/pdf", b"%PDF-1.7 plan")
    flow.answer(helper, Conversation.objects.get(), "Here.", key="answer-key-1", files=[plan])
    flow.deliver()
    (file,) = mara.get("messages").json()["messages"][-1]["files"]
    got = Client().get(file["path"])
    assert b"".join(got.streaming_content) == b"%PDF-1.7 plan"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.exe", b"MZ" + b"0" * 50, 415),
        ("a.png", b"<html><script>", 415),
        ("a.svg", b"<svg>", 415),
        ("a.txt", b"<!doctype html>", 415),
        ("a", b"no ending", 415),
        ("a.png", b"", 400),
        ("a.png", PNG[:8] + b"0" * (8 * 1024 * 1024), 413),
    ],
    ids=["program", "not what it says", "svg", "html", "no ending", "empty", "large"],
)
def test_files_that_are_not_taken(mara: Browser, name: str, content: bytes, status: int) -> None:
    refused = mara.send_file(name, content)
    assert refused.status_code == status
    assert refused.json()["error"]["text"]
    assert Message.objects.count() == 0


def test_files_can_be_switched_off(mara: Browser, widget: Account) -> None:
    Account.objects.update(settings={**widget.settings, "files": False})
    assert mara.send_file("a.png", PNG).status_code == 415
    assert mara.get("config").json()["files"] == ""


# --- who it is


def signed(customer: str = "c-7", email: str = "mara@example.com", secret: str = SECRET) -> dict[str, str]:
    return {"customer_id": customer, "email": email, "name": "Mara Lind", "signature": proof(secret, customer, email)}


def test_a_customer_the_site_vouches_for(widget: Account) -> None:
    page = Browser(widget)
    begun = page.start(identity=signed())
    assert begun["known"] is True
    page.say("Hello", answers={"email": "other@example.com", "name": "Somebody Else"})
    handle = Message.objects.get().handle
    assert handle is not None
    assert handle.name == "Mara Lind"
    assert handle.facts["customer_id"] == "c-7"
    assert (handle.facts["email"], handle.facts["email_verified"]) == ("mara@example.com", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {**signed(), "customer_id": "c-8"},
        {**signed(), "email": "other@example.com"},
        {**signed(), "signature": ""},
        {**signed(), "signature": "0" * 64},
        signed(secret="another secret, also long enough"),
        {"customer_id": "", "email": "", "signature": proof(SECRET, "", "")},
        ["x"],
    ],
    ids=["customer", "email", "none", "zeros", "secret", "nobody", "list"],
)
def test_a_wrong_signature_is_refused(widget: Account, wrong: Any) -> None:
    refused = Browser(widget).post("start", {"identity": wrong})
    assert refused.status_code in (400, 403)
    assert "token" not in refused.json()


def test_a_signed_in_customer_finds_the_talk_on_another_device(widget: Account) -> None:
    laptop, phone = Browser(widget), Browser(widget)
    laptop.start(identity=signed())
    laptop.say("From the laptop")
    assert [m["text"] for m in phone.start(identity=signed())["messages"]] == ["From the laptop"]
    stranger = Browser(widget)
    assert stranger.start(identity=signed("c-8", ""))["messages"] == []


def test_a_talk_begun_before_signing_in_goes_on(mara: Browser) -> None:
    mara.say("Before signing in")
    assert [m["text"] for m in mara.start(identity=signed())["messages"]] == ["Before signing in"]
    mara.say("After", "message-2")
    handle = Message.objects.get(text="After").handle
    assert handle == Message.objects.get(text="Before signing in").handle
    assert handle is not None
    assert handle.facts["customer_id"] == "c-7"


def test_the_next_person_at_this_browser_reads_nothing(widget: Account) -> None:
    page = Browser(widget)
    page.start(identity=signed())
    page.say("A secret")
    assert page.start()["messages"] == [], "signed out"
    assert page.start(identity=signed("c-8", ""))["messages"] == [], "somebody else"
    assert [m["text"] for m in page.start(identity=signed())["messages"]] == ["A secret"]


# --- how often


def test_who_sends_too_much_is_asked_to_wait(mara: Browser, widget: Account) -> None:
    statuses = [mara.say("x", f"message-{n}").status_code for n in range(35)]
    assert statuses.count(200) == 30
    assert statuses[-1] == 429
    refused = mara.say("x", "message-99")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Access-Control-Allow-Origin"] == SITE
    other = Browser(widget)
    other.start()
    assert other.say("x").status_code == 200


def test_tokens_end(mara: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "TOKEN_S", -1)
    assert mara.get("messages").status_code == 401


# --- its page in the settings


@pytest.mark.parametrize("kind", ["webchat", "webform"])
def test_the_channels_page_has_the_line_to_copy(
    kind: str, owner: User, client_for: Callable[..., Client], settings: Any
) -> None:
    browser = client_for(owner)
    given = {"_name": "Site", "origins": SITE, "colour": "#2c50bf", "title": "Lamp shop", "away": "chat", "files": "on"}
    mail = {"smtp_port": "465", "smtp_security": "tls"}
    wrong = browser.post(f"/settings/channels/connect/{kind}/", {**given, **mail, "origins": "www.example.com"})
    assert wrong.status_code == 422
    assert "is no site" in wrong.content.decode()
    made = browser.post(f"/settings/channels/connect/{kind}/", {**given, **mail})
    assert made.status_code == 302, made.content.decode()
    account = Account.objects.get(kind=kind)
    page = browser.get(made.headers["Location"]).content.decode()
    line = {
        "webchat": f'&lt;script async src="{settings.URL}/chat/{account.key}/widget.js"&gt;&lt;/script&gt;',
        "webform": f'&lt;iframe src="{settings.URL}/form/{account.key}/?plain"',
    }[kind]
    assert line in page
    account.secrets = {**account.secrets, "smtp_secret": "mail password"}
    account.save()
    shown = browser.post(f"{made.headers['Location']}secret/").content.decode()
    assert account.secrets["secret"] in shown
    assert "mail password" not in shown


# --- its words


@pytest.mark.parametrize("language", [code for code, _ in LANGUAGES])
def test_every_language_says_everything(language: str) -> None:
    english, words = WORDS["en"], WORDS[language]
    assert set(words) == set(english)
    for name, text in words.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[name])), name
        assert text and "!" not in text


def test_the_widget_says_what_it_is_given_and_is_given_what_it_says() -> None:
    source = (chat.STATIC / "widget.js").read_text()
    said = set(re.findall(r'"([a-z_]+)"', source))
    given = {name for name in WORDS["en"] if name not in chat.FORM_WORDS}
    assert set(re.findall(r'word\("([a-z_]+)"', source)) <= given
    assert given - said <= {"name", "phone"}, "these are asked by the server's list of questions"
