"""Instagram: comments, mentions, story replies and direct messages of a professional account.

By Facebook's login the calls go through the page's token, by Instagram's own through its own host; deliveries are
the same but for small things. Pictures that are sent together are one message each and one conversation.
Tried against recorded exchanges only: Meta publishes nothing that could stand in for the Instagram API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from crowdalogue.channels.base import (
    Attachment,
    Author,
    Fetched,
    Field,
    Ignored,
    Incoming,
    Item,
    Outgoing,
    Raw,
    SendError,
    Sent,
    Unknown,
)
from crowdalogue.channels.meta import messaging
from crowdalogue.channels.meta.base import ADDRESS_FIELD, APP_SECRET, VERIFY_TOKEN, VERSION_FIELD, MetaChannel
from crowdalogue.channels.meta.graph import ADDRESS, Graph, GraphFailed
from crowdalogue.channels.meta.stored import NAME, PROFILES, conversations, profiles, read_conversations, read_profile
from crowdalogue.channels.meta.sweep import Edges, several
from crowdalogue.channels.picking import each, link, must, objects, tidy, when, words
from crowdalogue.errors import Failure

OWN_HOST = "https://graph.instagram.com"
COMMENT = "id,text,timestamp,username,from,parent_id"
MENTION = "instagram-mention:"
MEGABYTE = 1 << 20
# What Instagram takes in a direct message, and how many megabytes of it.
TAKEN = (
    (frozenset({"image/png", "image/jpeg", "image/gif"}), 8),
    (frozenset({"audio/aac", "audio/mp4", "audio/x-m4a", "audio/m4a", "audio/wav", "audio/x-wav"}), 25),
    (frozenset({"video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"}), 25),
    (frozenset({"application/pdf"}), 25),
)
PERSON = "id,name,username,profile_pic,follower_count,is_verified_user"


class Instagram(MetaChannel):
    kind = "instagram"
    label = "Instagram"
    icon = "i-image"
    object_name = "instagram"
    own_field = "account_id"
    credential = "Instagram access token"
    renewal = (
        "With Facebook's login take the page's token of a system user in Meta's Business settings; with Instagram's "
        "own login generate one in the app: Instagram, API setup. It lives 60 days. Enter it in the channel's settings."
    )
    fields = (
        Field("account_id", "Instagram account ID", "The number of your professional account, not its name."),
        Field(
            "login",
            "Login",
            "How the app was connected to the account.",
            "choice",
            default="facebook",
            choices=(("facebook", "Facebook's login"), ("instagram", "Instagram's own login")),
        ),
        Field("token", "Access token", "Of the page (Facebook's login) or of the account (Instagram's).", "secret"),
        APP_SECRET,
        VERIFY_TOKEN,
        Field("human_agent", "Human agent tag", "Direct answers up to seven days.", "flag", False, False),
        VERSION_FIELD,
        ADDRESS_FIELD,
    )
    guide = "Comments, mentions and direct messages of one professional account, answered in place."
    steps = (
        "Make the Instagram account a professional one; for Facebook's login join it to your page.",
        "At developers.facebook.com make an app of the type Business and add the products Instagram and Webhooks.",
        "Generate a token with instagram_basic, instagram_manage_comments, instagram_manage_messages and "
        "pages_manage_metadata (Instagram's login: instagram_business_basic, instagram_business_manage_comments, "
        "instagram_business_manage_messages) and enter it here.",
        "In the app choose Webhooks, Instagram. Callback URL: {hook}. Verify token: the one shown here. Subscribe to "
        "comments, live_comments, mentions, messages, message_reactions, message_edit, messaging_seen and "
        "messaging_postbacks.",
        "In the Instagram app switch on Settings, Messages, Connected tools: Allow access to messages.",
    )
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    modes = ("public", "direct")
    longest = 2200
    public = True
    media = "both"
    fetches_files = True
    edits = True
    receipts = True
    interactions = True
    deeds = ("hide", "unhide", "delete")
    tried = "recorded exchanges"

    def graph(self) -> Graph:
        made = super().graph()
        if self.settings["login"] == "instagram" and made.base.startswith(ADDRESS):
            made.base = OWN_HOST + made.base.removeprefix(ADDRESS)
        return made

    # --- what it says

    def read_event(self, entry: Mapping[str, Any], event: Mapping[str, Any]) -> list[Item]:
        # Meta names our account by two ids, one for each login, so that the entry's own id counts too.
        ours = words(entry, "id") or self.own_id
        stranger = self.stranger(ours)
        if stranger and self.own_id not in (words(event, "sender.id"), words(event, "recipient.id")):
            return [stranger]
        found = self.own_id if words(event, "sender.id") == self.own_id else ours
        return messaging.read_event(event, found, "instagram")

    def read_field(self, field: str, value: Mapping[str, Any], heard: datetime | None) -> list[Item]:
        if field in ("comments", "live_comments"):
            return [self.comment(value, words(value, "media.id"), heard)]
        if field == "mentions":
            return [self.mention(value, heard)]
        if field == "story_insights":
            return [Ignored("a story ended; its numbers came")]
        if field in ("messages", "message_reactions", "messaging_postbacks", "messaging_seen", "message_edit"):
            return messaging.read_event(value, self.own_id, "instagram")  # how Meta's test button wraps them
        return [Unknown(f"news of the field {field[:60]}")]

    def comment(self, value: Mapping[str, Any], media: str, at: datetime | None) -> Incoming:
        target, parent = must(value, "id"), words(value, "parent_id")
        author = self.person(value, target)
        return Incoming(
            external_id=target,
            author=author,
            text=words(value, "text"),
            sent_at=when(value, "timestamp") or at,
            parents=(parent,) if parent else (),
            # What one person says under one picture is a conversation; a thousand people are a thousand.
            threads=(f"{media}:{author.address}",) if media and not parent and not author.ours else (),
            public=True,
            url=link(value, "permalink"),
            extra=tidy(
                {
                    "post": media,
                    "answer_at": parent or target,  # Instagram knows two levels
                    "where": words(value, "media.media_product_type"),
                    "advertisement": words(value, "media.ad_title") or words(value, "media.ad_id"),
                }
            ),
        )

    def person(self, value: Mapping[str, Any], target: str) -> Author:
        address, name = words(value, "from.id"), words(value, "from.username") or words(value, "username")
        ours = address == self.own_id or bool(words(value, "from.self_ig_scoped_id"))
        if not address:
            return Author(f"@{name}" if name else f"unknown:{target}", name)
        return Author(self.own_id if ours else address, name, ours=ours, facts=tidy({"username": name}))

    def mention(self, value: Mapping[str, Any], heard: datetime | None) -> Incoming:
        """Meta says only where: the words are fetched as a file, with the account's own rights."""
        media, comment = words(value, "media_id"), words(value, "comment_id")
        target = comment or must(value, "media_id")
        place = f"comment:{comment}" if comment else f"media:{media}"
        return Incoming(
            external_id=target,
            author=Author(f"unknown:{target}", "Somebody on Instagram"),
            text=f"(You were mentioned in a {'comment' if comment else 'post'}. The words are in the file.)",
            sent_at=heard,
            public=True,
            attachments=(Attachment("mention.txt", "text/plain", url=MENTION + place),),
            extra=tidy({"post": media, "mention": True, "mention_comment": comment}),
        )

    def download(self, url: str) -> bytes:
        if not url.startswith(MENTION):
            return super().download(url)
        kind, _, target = url.removeprefix(MENTION).partition(":")
        target = quote(target, safe="")
        fields = (
            f"mentioned_comment.comment_id({target}){{text,timestamp,username}}"
            if kind == "comment"
            else f"mentioned_media.media_id({target}){{caption,timestamp,username,permalink}}"
        )
        found = self.graph().get(self.own_id, fields=fields)
        said = found.get(f"mentioned_{kind}")
        lines = [words(said, "username"), words(said, "text") or words(said, "caption"), words(said, "permalink")]
        if not any(lines):
            raise Failure("Instagram no longer shows this mention.", permanent=True)
        return "\n".join(line for line in lines if line).encode()

    # --- what was said before

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """Comments first, then direct messages; each has a cursor of its own."""
        walks = {"comments": media_edges(self.own_id), "messages": conversations("me/conversations", "instagram")}
        graph = self.graph()
        found = several(graph, walks, cursor, limit, datetime.now(UTC))
        raws, known = profiles(graph, found.deliveries, cursor.get("known"), self.own_id, PERSON)
        return replace(found, deliveries=(*found.deliveries, *raws), cursor={**found.cursor, "known": known})

    def read_swept(self, about: str, body: Mapping[str, Any]) -> list[Item]:
        if about == PROFILES:
            return each(objects(body, "data"), read_profile, "profile")
        if about == NAME:
            return read_conversations(body, self.own_id, "instagram")
        if about != "swept_media":
            return super().read_swept(about, body)
        return self.stored(objects(body, "data"), words(body, "parent.id"))

    def stored(self, comments: list[dict[str, Any]], media: str) -> list[Item]:
        def read(comment: Mapping[str, Any]) -> list[Item]:
            target = must(comment, "id")
            answers = objects(comment, "replies.data")
            return [
                self.comment(comment, media, None),
                *each(answers, lambda a: [self.comment({**a, "parent_id": target}, media, None)], "answer"),
            ]

        return each(comments, read, "comment")

    # --- answers and deeds

    def send(self, outgoing: Outgoing) -> Sent:
        about = outgoing.about
        check_files(outgoing.attachments)
        mailer = messaging.Mailer(self.call, "me/messages", human_agent=bool(self.settings["human_agent"]))
        direct = about.get("via") == "instagram" or outgoing.mode == "direct"
        if direct and len(outgoing.text.encode()) > 1000:
            raise SendError("Instagram takes at most 1000 bytes in a direct message. Shorten it.", permanent=True)
        if about.get("via") == "instagram":
            return mailer.answer(outgoing, datetime.now(UTC))
        if not outgoing.answers:
            raise SendError("Instagram lets a business answer only what was written to it.", permanent=True)
        if direct:
            return self.answer_in_private(outgoing, mailer)
        return self.answer_in_public(outgoing)

    def answer_in_private(self, outgoing: Outgoing, mailer: messaging.Mailer) -> Sent:
        if outgoing.heard_at and datetime.now(UTC) - outgoing.heard_at > messaging.WEEK:
            raise SendError(
                "More than seven days have passed since the comment, so Instagram takes no private answer. "
                "Answer in public.",
                permanent=True,
            )
        return mailer.private_reply({"comment_id": outgoing.answers}, outgoing)

    def answer_in_public(self, outgoing: Outgoing) -> Sent:
        about = outgoing.about
        if outgoing.attachments:
            raise SendError("A public answer on Instagram takes no files. Send them directly.", permanent=True)
        if about.get("mention"):
            comment = {"comment_id": about["mention_comment"]} if about.get("mention_comment") else {}
            form = {"media_id": about.get("post", ""), "message": outgoing.text} | comment
            answer = self.call("POST", f"{self.own_id}/mentions", data=form)
        else:
            target = str(about.get("answer_at") or outgoing.answers)
            answer = self.call("POST", f"{target}/replies", data={"message": outgoing.text})
        made = words(answer, "id")
        if not made:
            raise SendError("Meta did not say what it calls the comment. Look on Instagram.", uncertain=True)
        return Sent(made)

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        if about.get("via") == "instagram" or deed not in self.deeds:
            raise SendError("Instagram lets only comments be hidden or deleted.", permanent=True)
        try:
            if deed == "delete":
                self.call("DELETE", target, again=True)
            else:
                self.call("POST", target, data={"hide": "true" if deed == "hide" else "false"}, again=True)
        except SendError as error:
            if deed == "delete" and isinstance(error.__cause__, GraphFailed) and error.__cause__.gone:
                return  # done before
            raise

    def check(self) -> None:
        graph = self.graph()
        me = graph.get(self.own_id, fields="id,username")
        if not words(me, "username"):
            raise Failure("Meta shows no Instagram account of this ID. Enter the professional account's ID.")
        graph.get(f"{self.own_id}/media", fields="id,comments_count", limit=1)
        graph.get("me/conversations", fields="id", limit=1, platform="instagram")

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        own, at = self.own_id or "1", int(now.timestamp())
        value = {
            "from": {"id": "900000000000001", "username": "test.person"},
            "media": {"id": "1800000000000", "media_product_type": "FEED"},
            "id": f"{at}{number}",
            "text": text,
        }
        change = {"field": "comments", "value": value}
        return self.signed({"object": "instagram", "entry": [{"id": own, "time": at, "changes": [change]}]})


def check_files(files: Sequence[Attachment]) -> None:
    """Raise `SendError` for what Instagram would not take, before anything leaves."""
    for file in files:
        found = next((sort for sort in TAKEN if file.media_type.partition(";")[0].strip().casefold() in sort[0]), None)
        if found is None:
            raise SendError(
                f"Instagram takes no file like {file.name[:80]}, only PNG, JPEG and GIF pictures, films, sound and "
                "PDF. Send a link.",
                permanent=True,
            )
        if len(file.content) > found[1] * MEGABYTE:
            raise SendError(f"{file.name[:80]} is larger than the {found[1]} MB Instagram takes.", permanent=True)
        if not file.url:
            raise SendError("Instagram fetches files, and this one has no address it could fetch.", permanent=True)


def media_edges(account: str) -> Edges:
    return Edges(
        name="swept_media",
        parents=f"{account}/media",
        fields=f"id,timestamp,permalink,comments.limit(50){{{COMMENT},replies.limit(50){{{COMMENT}}}}}",
        children="comments",
        child_fields=f"{COMMENT},replies.limit(50){{{COMMENT}}}",
        time="timestamp",
        child_time="timestamp",
        back=timedelta(days=14),
    )
