"""WhatsApp by Meta's Cloud API: every kind of message, files, receipts, and templates after a day.

People are known by their phone number, as by SMS and phone. Within 24 hours of the customer's last message anything
may be answered; after that only an approved template, whose one value is the answer's text.
Tried against Prism with Meta's own OpenAPI file (calls), the deliveries that file shows, and recorded exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from crowdalogue import http
from crowdalogue.channels import hearing
from crowdalogue.channels.base import (
    Attachment,
    Field,
    Ignored,
    Item,
    Outgoing,
    Raw,
    SendError,
    Sent,
    Unknown,
)
from crowdalogue.channels.manual import normalise_phone
from crowdalogue.channels.meta import cloud
from crowdalogue.channels.meta.base import ADDRESS_FIELD, APP_SECRET, VERIFY_TOKEN, VERSION_FIELD, MetaChannel, files_of
from crowdalogue.channels.meta.graph import WORDS
from crowdalogue.channels.meta.messaging import DAY
from crowdalogue.channels.picking import each, link, objects, whole, words
from crowdalogue.errors import Failure

CAPTION = 1024
MOST_FILES = 10
MEDIA_HOSTS = ("fbsbx.com", "facebook.com", "whatsapp.net", "fbcdn.net")  # where the token may be shown
# What WhatsApp shows as such; any other file goes as a document.
KINDS = {
    **dict.fromkeys(("image/jpeg", "image/png"), "image"),
    **dict.fromkeys(("audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg"), "audio"),
    **dict.fromkeys(("video/mp4", "video/3gpp"), "video"),
}
# Fields of the account itself, which hold nobody's words.
QUIET = re.compile(
    r"account_\w+|group_\w+|message_template_\w+|template_\w+|phone_number_\w+|business_\w+|security|flows|"
    r"smb_app_state_sync|payment_configuration_update|partner_solutions|automatic_events|tracking_events"
)


class WhatsApp(MetaChannel):
    kind = "whatsapp"
    label = "WhatsApp"
    icon = "i-chat"
    handles = "phone"
    object_name = "whatsapp_business_account"
    own_field = "phone_number_id"
    credential = "WhatsApp access token"
    renewal = (
        "Make a new one in Meta's Business settings: Users, System users, Generate token, never expiring, with "
        "whatsapp_business_messaging. The one shown in the app's API set-up lives a day. Enter it in the settings."
    )
    fields = (
        Field("phone_number_id", "Phone number ID", "From the app's API set-up page; it is not the number itself."),
        Field("token", "Access token", "Of a system user, never expiring.", "secret"),
        APP_SECRET,
        VERIFY_TOKEN,
        Field(
            "template",
            "Template for late answers",
            "The name of an approved template whose body has one value, {{1}}: the answer. Used after 24 hours.",
            required=False,
        ),
        Field(
            "language", "Language of the template", "As in the WhatsApp Manager, such as en_US.", "text", False, "en"
        ),
        *hearing.FIELDS,
        VERSION_FIELD,
        ADDRESS_FIELD,
    )
    guide = (
        "One WhatsApp number of your company. Answers go freely for 24 hours after the customer wrote; later ones as "
        "the template entered here."
    )
    steps = (
        "At developers.facebook.com make an app of the type Business and add the product WhatsApp.",
        "In the WhatsApp Manager register your number, and copy its phone number ID.",
        "In Meta's Business settings make a system user, give it the app and the WhatsApp account, and generate a "
        "token with whatsapp_business_messaging and whatsapp_business_management.",
        "In the app choose WhatsApp, Configuration. Callback URL: {hook}. Verify token: the one shown here. Subscribe "
        "to messages and user_preferences; with the Business app on a phone also to smb_message_echoes and history.",
        "For answers after a day make a template with one value in its body, wait for its approval, and enter it.",
    )
    receives_hooks = True
    replies = True
    longest = 4096
    window = DAY
    media = "both"
    edits = True
    receipts = True
    interactions = True
    tried = "Prism with Meta's OpenAPI file; recorded exchanges"

    def normalise(self, address: str) -> str:
        named = any(c.isalpha() for c in address)  # an id such as US.1234 of somebody with a user name
        return address.strip().casefold() if named else normalise_phone(address)

    # --- what it says

    def read_change(self, entry: Mapping[str, Any], change: Mapping[str, Any]) -> list[Item]:
        field, value = words(change, "field"), change.get("value")
        if not isinstance(value, dict):
            return [Unknown(f"news of the field {field[:60]} without a value")]
        if field not in ("messages", "smb_message_echoes", "history", "user_preferences"):
            if QUIET.fullmatch(field):
                return [Ignored(f"news of the WhatsApp account: {field}")]
            return [Unknown(f"news of the field {field[:60]}")]
        stranger = self.stranger(words(value, "metadata.phone_number_id"))
        return [stranger] if stranger else self.read_value(value)

    def read_value(self, value: Mapping[str, Any]) -> list[Item]:
        talk = cloud.Conversation(value, heard=hearing.wanted(self.settings))
        found = each(objects(value, "messages"), talk.read, "message")
        found += each(objects(value, "message_echoes"), talk.read, "message")  # written on the phone
        for part in objects(value, "history"):
            for thread in objects(part, "threads"):
                found += each(
                    objects(thread, "messages"),
                    lambda said, thread=thread: talk.read({"to": words(thread, "id"), **said}),  # type: ignore[misc]
                    "message of before",
                )
        found += each(objects(value, "user_preferences"), talk.preference, "preference")
        found += each(objects(value, "statuses"), lambda s: cloud.read_status(s, why_failed(s)), "receipt")
        found += [Unknown(f"WhatsApp reports: {reason(e)}") for e in objects(value, "errors")]
        return found or [Ignored("a delivery without messages")]

    # --- files

    def download(self, url: str) -> bytes:
        """Two calls: where the file is for the next five minutes, then the file."""
        if not url.startswith(cloud.MEDIA):
            return super().download(url)
        graph = self.graph()
        media = quote(url.removeprefix(cloud.MEDIA), safe="")
        place = link(graph.get(media, phone_number_id=self.own_id), "url")
        if not place:
            raise Failure("WhatsApp no longer has this file. It keeps files for 30 days.")
        host = urlsplit(place).hostname or ""
        known = any(host == h or host.endswith("." + h) for h in MEDIA_HOSTS)
        headers = {"authorization": f"Bearer {graph.token}"} if known else {}
        return http.request("GET", place, trusted=False, headers=headers, max_bytes=100 * http.MEGABYTE).content

    def transcribe(self, part: Attachment, language: str = "") -> str:
        return hearing.transcribe(self.settings, part, language)

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        files_of(outgoing, MOST_FILES, "WhatsApp")
        open_window = outgoing.heard_at is not None and datetime.now(UTC) - outgoing.heard_at <= DAY
        contents = self.contents(outgoing) if open_window else [self.template(outgoing)]
        first = ""
        for number, content in enumerate(contents):
            try:
                made = self.post(outgoing, content, quote_it=number == 0)
            except SendError as error:
                if first:
                    text = f"Only a part of the answer arrived, then: {error.text}"
                    raise SendError(text, permanent=True, uncertain=True) from error
                raise
            first = first or made
        return Sent(first)

    def contents(self, outgoing: Outgoing) -> list[dict[str, Any]]:
        """The messages an answer is: files with the words under the first one that may carry them."""
        files = [self.hand_in(file) for file in outgoing.attachments]
        text = outgoing.text.strip()
        if files and files[0]["type"] != "audio" and 0 < len(text) <= CAPTION:
            files[0][files[0]["type"]]["caption"] = text
            text = ""
        words_first = [{"type": "text", "text": {"body": outgoing.text, "preview_url": False}}] if text else []
        return words_first + files

    def template(self, outgoing: Outgoing) -> dict[str, Any]:
        name = str(self.settings["template"] or "").strip()
        if not name:
            raise SendError(
                "More than 24 hours have passed since the customer wrote, so WhatsApp takes only a template. Enter an "
                "approved one in the channel's settings, or answer elsewhere.",
                permanent=True,
            )
        if outgoing.attachments:
            raise SendError("A template takes no files. Send the text, and files once they answer.", permanent=True)
        # A value may hold no line breaks, tabs or runs of blanks.
        value = {"type": "text", "text": " ".join(outgoing.text.split())}
        return {
            "type": "template",
            "template": {
                "name": name,
                "language": {"policy": "deterministic", "code": str(self.settings["language"] or "en").strip()},
                "components": [{"type": "body", "parameters": [value]}],
            },
        }

    def post(self, outgoing: Outgoing, content: Mapping[str, Any], *, quote_it: bool) -> str:
        message: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual"}
        message |= self.recipient(outgoing) | dict(content)
        if quote_it and outgoing.answers and content["type"] != "template":
            message["context"] = {"message_id": outgoing.answers}
        message["biz_opaque_callback_data"] = outgoing.key  # comes back with every receipt
        answer = self.call("POST", f"{self.own_id}/messages", json=message)
        made = words(answer, "messages.0.id")
        if not made:
            raise SendError("WhatsApp did not say what it calls the message. Look at its receipts.", uncertain=True)
        return made

    def recipient(self, outgoing: Outgoing) -> dict[str, str]:
        group, address = str(outgoing.about.get("group") or ""), outgoing.to.address
        if group:
            return {"recipient_type": "group", "to": group}
        if any(c.isalpha() for c in address):
            return {"recipient": str(outgoing.about.get("user") or address)}
        return {"to": address}

    def hand_in(self, file: Attachment) -> dict[str, Any]:
        """Upload a file; nothing is said to the customer yet."""
        form = {"messaging_product": "whatsapp", "type": file.media_type}
        parts = {"file": (file.name, file.content, file.media_type)}
        try:
            answer = self.call("POST", f"{self.own_id}/media", data=form, files=parts, again=True)
        except SendError as error:
            raise SendError(error.text, permanent=error.permanent) from error
        media = words(answer, "id")
        if not media:
            raise SendError("WhatsApp took the file and did not say what it calls it. Try again.")
        kind = KINDS.get(file.media_type.partition(";")[0].strip(), "document")
        named = {"filename": file.name} if kind == "document" else {}
        return {"type": kind, kind: {"id": media} | named}

    def check(self) -> None:
        hearing.check_endpoint(self.settings)
        found = self.graph().get(self.own_id, fields="display_phone_number,verified_name,quality_rating")
        if not words(found, "display_phone_number"):
            raise Failure("Meta shows no number of this ID. Enter the phone number ID, not the number itself.")

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        at = int(now.timestamp())
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550100000", "phone_number_id": self.own_id or "1"},
            "contacts": [{"profile": {"name": "Test Person"}, "wa_id": "15550100199"}],
            "messages": [
                {
                    "from": "15550100199",
                    "id": f"wamid.test-{at}-{number}",
                    "timestamp": str(at),
                    "type": "text",
                    "text": {"body": text},
                }
            ],
        }
        change = {"field": "messages", "value": value}
        return self.signed({"object": self.object_name, "entry": [{"id": "1", "changes": [change]}]})


def why_failed(status: Mapping[str, Any]) -> str:
    """The reason of a failed message: in our words where we have them, else in WhatsApp's."""
    return "; ".join(reason(e) for e in objects(status, "errors"))


def reason(error: Mapping[str, Any]) -> str:
    known = WORDS.get(whole(error, "code") or 0)
    said = words(error, "error_data.details") or words(error, "message") or words(error, "title")
    return known or f"{said[:300] or 'an error'} ({words(error, 'code')})"
