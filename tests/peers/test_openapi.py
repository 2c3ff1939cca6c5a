"""Our calls to Twilio and WhatsApp against their own OpenAPI files, by Prism, which refuses what these do not allow."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import yaml

from crowdalogue.channels import open_channel
from crowdalogue.channels.base import Attachment, Author, Incoming, Outgoing, Raw
from crowdalogue.channels.sms import Sms
from crowdalogue.channels.twilio.calls import Api
from crowdalogue.channels.voice import Voice
from crowdalogue.channels.whatsapp import WhatsApp
from crowdalogue.errors import Failure
from tests.peers import prism

pytestmark = pytest.mark.peers

SID = "AC" + "0" * 32
WHATSAPP = {"phone_number_id": "100000000000001", "token": "x", "app_secret": "s" * 32}


def served(name: str, *paths: str) -> Iterator[str]:
    if why := prism.missing(name):
        pytest.skip(why)
    with prism.serving(name, *paths) as url:
        yield url


@pytest.fixture(scope="module")
def twilio() -> Iterator[dict[str, Any]]:
    for url in served("twilio.yaml"):
        yield {"account_sid": SID, "auth_token": "x" * 32, "number": "+15550100000", "address": url}


@pytest.fixture(scope="module")
def sending() -> Iterator[str]:
    yield from served("whatsapp.yaml", "/{Version}/{Phone-Number-ID}/messages", "/{Version}/{Phone-Number-ID}/media")


@pytest.fixture
def whatsapp(sending: str) -> Iterator[WhatsApp]:
    with relay(sending) as url:
        yield WhatsApp(WHATSAPP | {"address": url})


@contextmanager
def relay(to: str) -> Iterator[str]:
    """Hands every call on without our key, which Meta documents (biz_opaque_callback_data) and its file leaves out."""

    class Relay(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers["content-type"] == "application/json":
                message = json.loads(body)
                assert message.pop("biz_opaque_callback_data") == "k-1"
                body = json.dumps(message).encode()
            kept = {name: self.headers[name] for name in ("authorization", "content-type", "user-agent")}
            answer = httpx.post(f"{to}{self.path}", content=body, headers=kept, timeout=30)
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def out(to: str = "+15550100123", **more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k-1", "to": Author(to), "text": "It comes tomorrow.", "answers": "wamid.1"}
    return Outgoing(**usual | {"heard_at": datetime.now(UTC) - timedelta(hours=1)} | more)


# --- the peers themselves refuse, or what follows would prove nothing


def test_prism_refuses_what_twilios_file_does_not_allow(twilio: dict[str, Any]) -> None:
    messages = f"{twilio['address']}/2010-04-01/Accounts/{SID}/Messages.json"
    assert httpx.post(messages, data={"To": "+15550100199"}).status_code == 401
    assert httpx.post(messages, data={"Body": "Hi"}, auth=("a", "b")).status_code == 422


def test_prism_refuses_what_metas_file_does_not_allow(sending: str) -> None:
    body = {"messaging_product": "whatsapp", "to": "1", "type": "text", "text": {"body": "Hi"}}
    headers = {"authorization": "Bearer x"}
    place = f"{sending}/v23.0/1/messages"
    assert httpx.post(place, json=body, headers=headers).status_code == 422  # no recipient_type
    assert httpx.post(place, json=body | {"recipient_type": "individual"}, headers=headers).status_code == 200
    assert httpx.post(place, json=body | {"recipient_type": "individual", "odd": 1}, headers=headers).status_code == 422


# --- Twilio


def test_twilio_takes_a_text_message(twilio: dict[str, Any]) -> None:
    assert Sms(twilio).send(out()).external_id.startswith("SM")
    service = {"service": "MG" + "0" * 32, "callback": "https://c.example.com/hooks/k/"}
    assert Sms(twilio | service).send(out()).external_id.startswith("SM")
    with pytest.raises(Failure):
        Sms(twilio | {"service": "not a service"}).send(out())


def test_twilio_lists_messages_and_their_files(twilio: dict[str, Any]) -> None:
    channel = Sms(twilio)
    found = channel.fetch({})
    for raw in found.deliveries:
        assert channel.parse(raw)
    later = {"To": {"done": "2026-03-01T12:00:00+00:00"}, "From": {"done": "2026-03-01T12:00:00+00:00"}}
    channel.fetch(later)
    api = Api(twilio)
    assert isinstance(api.get(f"/Messages/SM{'0' * 32}/Media.json").get("media_list"), list)


def test_twilio_lists_recordings_with_call_and_transcript(twilio: dict[str, Any]) -> None:
    channel = Voice(twilio)
    channel.fetch({"done": "2026-03-01T12:00:00+00:00"})
    api = Api(twilio)
    assert isinstance(api.get(f"/Recordings/RE{'0' * 32}/Transcriptions.json").get("transcriptions"), list)
    assert api.get(f"/Calls/CA{'0' * 32}.json")["sid"].startswith("CA")


def test_twilio_shows_account_and_numbers(twilio: dict[str, Any]) -> None:
    for kind in ("sms", "voice"):
        open_channel(kind, twilio).check()


# --- WhatsApp


def test_whatsapp_takes_text(whatsapp: WhatsApp) -> None:
    assert whatsapp.send(out()).external_id.startswith("wamid.")
    assert whatsapp.send(out(answers="")).external_id.startswith("wamid.")
    assert whatsapp.send(out(about={"group": "G1"})).external_id.startswith("wamid.")


def test_whatsapp_takes_a_template(whatsapp: WhatsApp) -> None:
    late = WhatsApp(whatsapp.settings | {"template": "late_answer", "language": "en_US"})
    assert late.send(out(heard_at=None)).external_id.startswith("wamid.")


@pytest.mark.parametrize("name", ["box.png", "voice.ogg", "film.mp4", "bill.pdf"])
def test_whatsapp_takes_files(name: str, whatsapp: WhatsApp) -> None:
    media_type = {"png": "image/png", "ogg": "audio/ogg", "mp4": "video/mp4", "pdf": "application/pdf"}[name[-3:]]
    sent = whatsapp.send(out(attachments=(Attachment(name, media_type, b"content"),)))
    assert sent.external_id.startswith("wamid.")


def test_whatsapp_says_where_a_file_is() -> None:
    for url in served("whatsapp.yaml", "/{Version}/{Media-ID}"):
        found = WhatsApp(WHATSAPP | {"address": url}).graph().get("2621233374848975", phone_number_id="100000000000001")
        assert found["url"]


def test_whatsapp_says_whose_number_it_is() -> None:
    for url in served("whatsapp.yaml", "/{Version}/{Phone-Number-ID}"):
        WhatsApp(WHATSAPP | {"address": url}).check()


def examples() -> dict[str, Any]:
    """Every delivery that Meta's own file shows. Its schema of deliveries refuses them all, so that proves nothing."""
    if not prism.file_of("whatsapp.yaml").is_file():
        pytest.skip(prism.missing("whatsapp.yaml"))
    path = yaml.safe_load(prism.file_of("whatsapp.yaml").read_text())["paths"]["/whatsapp/webhooks"]
    found: dict[str, Any] = path["post"]["requestBody"]["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in found.items()}


def test_every_delivery_metas_file_shows_is_understood() -> None:
    shown = examples()
    assert len(shown) >= 16
    kinds: dict[str, set[str]] = {}
    for name, body in shown.items():
        items = WhatsApp({}).parse(Raw(json.dumps(body, default=str).encode()))
        kinds.setdefault(type(items[0]).__name__, set()).add(name)
        assert len(items) == 1
        assert not isinstance(items[0], Incoming) or items[0].text or items[0].attachments
    assert set(kinds) == {"Incoming", "Interaction", "Ignored"}
    assert all(name.startswith("Group ") for name in kinds["Ignored"])
