"""Facebook Messenger: private messages to a page, by Meta's webhooks and the Send API.

A day after the customer wrote only a human agent may answer, and after a week nobody. What a page's own people
answer elsewhere comes as an echo and is filed as ours; our own answers carry their key as metadata, so that an echo
settles one that was in doubt. Tried against recorded exchanges only: nothing public stands in for the Send API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from crowdalogue.channels.base import Fetched, Field, Item, Outgoing, Raw, Sent, Unknown
from crowdalogue.channels.meta import messaging
from crowdalogue.channels.meta.base import ADDRESS_FIELD, APP_SECRET, VERIFY_TOKEN, VERSION_FIELD, MetaChannel, files_of
from crowdalogue.channels.meta.stored import (
    NAME,
    PERSON,
    PROFILES,
    conversations,
    profiles,
    read_conversations,
    read_profile,
)
from crowdalogue.channels.meta.sweep import sweep
from crowdalogue.channels.picking import each, objects, words

NEEDED = frozenset({"messages", "message_echoes", "message_deliveries", "message_reads"})
MOST_FILES = 10


class Messenger(MetaChannel):
    kind = "messenger"
    label = "Messenger"
    icon = "i-chat"
    object_name = "page"
    own_field = "page_id"
    fields = (
        Field("page_id", "Page ID", "A number. On the page: About, Page transparency."),
        Field("token", "Page access token", "Of the page, not of a person, made by a system user.", "secret"),
        APP_SECRET,
        VERIFY_TOKEN,
        Field(
            "human_agent",
            "Human agent tag",
            "Answer up to seven days after the customer wrote. Meta must have allowed it to your app.",
            "flag",
            False,
            False,
        ),
        VERSION_FIELD,
        ADDRESS_FIELD,
    )
    guide = (
        "Private messages to one Facebook page. Meta sends everything about a page to one address of an app: where "
        "you want comments from the same app, connect a Facebook page only; it takes private messages too."
    )
    steps = (
        "At developers.facebook.com make an app of the type Business and add the products Messenger and Webhooks.",
        "In Meta's Business settings make a system user, give it the page, and generate a token with pages_messaging, "
        "pages_manage_metadata and pages_show_list. Take the page's own token of it (GET me/accounts) and enter it.",
        "In the app choose Messenger, Settings, Webhooks. Callback URL: {hook}. Verify token: the one shown here.",
        "Subscribe the page to messages, message_echoes, message_deliveries, message_reads, message_reactions, "
        "message_edits and messaging_postbacks.",
        "For answers after a day ask Meta for the Human agent feature in App review, then switch it on here.",
    )
    handles = "facebook"  # a person has the same id in a page's comments and in its Messenger
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    longest = 2000
    window = messaging.DAY
    media = "both"
    edits = True
    receipts = True
    interactions = True
    tried = "recorded exchanges"

    def read_event(self, entry: Mapping[str, Any], event: Mapping[str, Any]) -> list[Item]:
        stranger = self.stranger(words(entry, "id"))
        return [stranger] if stranger else messaging.read_event(event, self.own_id, "messenger")

    def read_change(self, entry: Mapping[str, Any], change: Mapping[str, Any]) -> list[Item]:
        field = words(change, "field")[:60]
        return [Unknown(f"news of the field {field}, which a Facebook page takes, not Messenger")]

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        graph, edges = self.graph(), conversations(f"{self.own_id}/conversations", "messenger")
        found = sweep(graph, edges, cursor, limit, datetime.now(UTC))
        raws, known = profiles(graph, found.deliveries, cursor.get("known"), self.own_id, PERSON)
        return replace(found, deliveries=(*found.deliveries, *raws), cursor={**found.cursor, "known": known})

    def read_swept(self, about: str, body: Mapping[str, Any]) -> list[Item]:
        if about == PROFILES:
            return each(objects(body, "data"), read_profile, "profile")
        if about != NAME:
            return super().read_swept(about, body)
        return read_conversations(body, self.own_id, "messenger")

    def send(self, outgoing: Outgoing) -> Sent:
        files_of(outgoing, MOST_FILES, "Messenger")
        own, allowed = self.own_id, bool(self.settings["human_agent"])
        mailer = messaging.Mailer(self.call, f"{own}/messages", human_agent=allowed, files=f"{own}/message_attachments")
        return mailer.answer(outgoing, datetime.now(UTC))

    def check(self) -> None:
        where = "Subscribe the page to them in the app: Messenger, Settings, Webhooks."
        self.check_page(NEEDED, where)

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        page, at = self.own_id or "1", int(now.timestamp() * 1000)
        event = {
            "sender": {"id": "900000000000001"},
            "recipient": {"id": page},
            "timestamp": at,
            "message": {"mid": f"m_test-{at}-{number}", "text": text},
        }
        return self.signed({"object": "page", "entry": [{"id": page, "time": at, "messaging": [event]}]})
