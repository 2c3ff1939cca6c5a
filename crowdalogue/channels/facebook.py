"""A Facebook page: comments, visitors' posts, mentions and recommendations by Meta's webhooks and the Graph API.

Meta sends everything about a page to one address of an app, so private messages that come here are filed and
answered too. The same ids come by hook and by asking: a post is page_post, a comment post_comment.
Tried against recorded exchanges only: Meta publishes no schema of the Pages API and nothing that could stand in for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from crowdalogue.channels.base import (
    Author,
    Fetched,
    Field,
    Ignored,
    Incoming,
    Interaction,
    Item,
    Outgoing,
    Raw,
    Removal,
    SendError,
    Sent,
    Unknown,
)
from crowdalogue.channels.meta import messaging
from crowdalogue.channels.meta.base import ADDRESS_FIELD, APP_SECRET, VERIFY_TOKEN, VERSION_FIELD, MetaChannel, files_of
from crowdalogue.channels.meta.graph import GraphFailed
from crowdalogue.channels.meta.page import FEED, RATINGS, pictures
from crowdalogue.channels.meta.stored import (
    NAME,
    PERSON,
    PROFILES,
    conversations,
    profiles,
    read_conversations,
    read_profile,
)
from crowdalogue.channels.meta.sweep import several
from crowdalogue.channels.picking import each, link, must, objects, tidy, when, whole, words

POSTS = frozenset({"post", "status", "photo", "video", "share", "link", "album", "note", "event", "offer"})
EDITED = frozenset({"edit", "edited"})
HIDDEN = {"hide": "a comment was hidden", "unhide": "a comment is shown again", "block": "somebody was blocked"}
NEEDED = frozenset({"feed", "mention", "ratings"})


class Facebook(MetaChannel):
    kind = "facebook"
    label = "Facebook page"
    icon = "i-post"
    object_name = "page"
    own_field = "page_id"
    fields = (
        Field("page_id", "Page ID", "A number. On the page: About, Page transparency."),
        Field("token", "Page access token", "Of the page, not of a person, made by a system user.", "secret"),
        APP_SECRET,
        VERIFY_TOKEN,
        Field("private", "Private messages of before", "Fetched too, as Messenger does.", "flag", False, False),
        Field("human_agent", "Human agent tag", "Private answers up to seven days.", "flag", False, False),
        VERSION_FIELD,
        ADDRESS_FIELD,
    )
    guide = (
        "Comments, visitors' posts, mentions and recommendations of one page; private messages too, where the same "
        "Meta app gets them. What was said before is fetched in the background."
    )
    steps = (
        "At developers.facebook.com make an app of the type Business and add the product Webhooks.",
        "In Meta's Business settings make a system user, give it the page, and generate a token with pages_show_list, "
        "pages_read_engagement, pages_read_user_content, pages_manage_engagement, pages_manage_metadata and "
        "pages_messaging. Take the page's own token of it (GET me/accounts) and enter it here.",
        "In the app choose Webhooks, Page. Callback URL: {hook}. Verify token: the one shown here.",
        "Subscribe to feed, mention and ratings, and to messages and message_echoes for private messages.",
        "Let the page use the app: POST PAGE-ID/subscribed_apps with subscribed_fields=feed,mention,ratings,messages.",
    )
    handles = "facebook"
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    modes = ("public", "direct")
    longest = 8000
    public = True
    media = "both"
    edits = True
    interactions = True
    deeds = ("hide", "unhide", "like", "unlike", "delete", "block", "unblock")
    tried = "recorded exchanges"

    # --- what it says

    def read_event(self, entry: Mapping[str, Any], event: Mapping[str, Any]) -> list[Item]:
        stranger = self.stranger(words(entry, "id"))
        return [stranger] if stranger else messaging.read_event(event, self.own_id, "messenger")

    def read_field(self, field: str, value: Mapping[str, Any], heard: datetime | None) -> list[Item]:
        if field == "feed":
            return self.read_feed(value, heard)
        if field == "mention":
            return self.read_mention(value, heard)
        if field == "ratings":
            return self.read_rating(value, heard)
        return [Unknown(f"news of the field {field[:60]}")]

    def read_feed(self, value: Mapping[str, Any], heard: datetime | None) -> list[Item]:
        item, verb = words(value, "item"), words(value, "verb")
        if item in ("reaction", "like"):
            return self.read_reaction(value, item, verb)
        if item != "comment" and item not in POSTS:
            return [Unknown(f"a page event about {item[:40] or 'nothing'} ({verb[:20]})")]
        target = must(value, "comment_id" if item == "comment" else "post_id")
        if verb in ("remove", "delete"):
            return [Removal(target, when(value, "created_time") or heard)]
        if verb in HIDDEN:
            return [Ignored(HIDDEN[verb])]
        if verb not in ("add", *EDITED):
            return [Unknown(f"a page event about a {item} with the verb {verb[:20]}")]
        edited = (heard or when(value, "created_time")) if verb in EDITED else None
        return [(self.comment if item == "comment" else self.post)(value, target, edited)]

    def comment(self, value: Mapping[str, Any], target: str, edited: datetime | None) -> Incoming:
        post, parent = words(value, "post_id"), words(value, "parent_id")
        return self.incoming(
            target,
            self.person(value, "from"),
            words(value, "message"),
            post=post,
            parent="" if parent == post else parent,
            sent_at=when(value, "created_time"),
            url=link(value, "permalink_url") or link(value, "post.permalink_url"),
            edited_at=edited,
            attachments=pictures(value),
        )

    def post(self, value: Mapping[str, Any], target: str, edited: datetime | None) -> Item:
        author = self.person(value, "from")
        if author.ours:
            return Ignored("a post of the page itself")
        return self.incoming(
            target,
            author,
            words(value, "message") or words(value, "story"),
            post=target,
            sent_at=when(value, "created_time"),
            url=link(value, "permalink_url") or f"https://www.facebook.com/{target}",
            edited_at=edited,
            attachments=pictures(value),
        )

    def incoming(
        self, external_id: str, author: Author, text: str, *, post: str = "", parent: str = "", **more: Any
    ) -> Incoming:
        """A public message. A conversation is what one person says under one post, and what is answered to it:
        a thousand people under one of our posts are a thousand conversations."""
        is_comment = external_id != post
        # An answer of ours to a visitor's post belongs to that visitor; what others say there does not.
        ours_to_post = author.ours and is_comment and not parent and post
        extra = {
            "post": post,
            "answer_at": parent or external_id,  # Facebook knows two levels; an answer to an answer goes beside it
            "is_post": not is_comment,
            "person": author.address,
        }
        return Incoming(
            external_id=external_id,
            author=author,
            text=text,
            parents=(parent,) if parent else (post,) if ours_to_post else (),
            threads=(f"{post}:{author.address}",) if post and not parent and not author.ours else (),
            public=True,
            extra=tidy(extra | more.pop("extra", {})),
            **more,
        )

    def person(self, value: Mapping[str, Any], name: str) -> Author:
        """Who wrote it. Where Meta may not say, each message is somebody unknown of its own."""
        address = words(value, f"{name}.id") or words(value, "sender_id")
        shown = words(value, f"{name}.name") or words(value, "sender_name")
        if not address:
            what = words(value, "comment_id") or words(value, "post_id") or words(value, "id")
            return Author(f"unknown:{what}", shown or "Somebody on Facebook")
        return Author(address, shown, ours=address == self.own_id)

    def read_reaction(self, value: Mapping[str, Any], item: str, verb: str) -> list[Item]:
        who, target = self.person(value, "from"), words(value, "comment_id") or words(value, "post_id")
        if not target:
            return [Ignored("somebody likes the page")]
        return [
            Interaction(
                f"like:{who.address}:{target}",
                who,
                words(value, "reaction_type") or item,
                when(value, "created_time"),
                target,
                gone=verb == "remove",
            )
        ]

    def read_mention(self, value: Mapping[str, Any], heard: datetime | None) -> list[Item]:
        target, verb = words(value, "comment_id") or must(value, "post_id"), words(value, "verb")
        if verb in ("remove", "delete"):
            return [Removal(target, heard)]
        if verb not in ("add", *EDITED):
            return [Unknown(f"a mention with the verb {verb[:20]}")]
        text = words(value, "message") or "(The page was mentioned. Open Facebook to see where.)"
        return [
            self.incoming(
                target,
                self.person(value, "from"),
                text,
                post=words(value, "post_id"),
                sent_at=when(value, "created_time") or heard,
                url=link(value, "permalink_url") or f"https://www.facebook.com/{target}",
                edited_at=heard if verb in EDITED else None,
                extra={"mention": True},
            )
        ]

    def read_rating(self, value: Mapping[str, Any], heard: datetime | None) -> list[Item]:
        story, item, verb = must(value, "open_graph_story_id"), words(value, "item"), words(value, "verb")
        target = words(value, "comment_id") or story
        if item in ("like", "reaction"):
            return self.read_reaction({**value, "post_id": story}, item, verb)
        if verb in ("remove", "delete"):
            return [Removal(target, heard)]
        said = whole(value, "rating")  # stars of before 2018; since then people recommend or do not
        recommended = {"positive": 1, "negative": 0}.get(words(value, "recommendation_type").casefold())
        rating = {"rating": said, "rating_max": 5} if said else {"rating": recommended, "rating_max": 1}
        who = words(value, "reviewer_id") or words(value, "from.id") or words(value, "sender_id")
        name = words(value, "reviewer_name") or words(value, "from.name") or words(value, "sender_name")
        comment = item == "comment"
        default = (
            "" if recommended is None else ("Does not recommend the page." if not recommended else "Recommends it.")
        )
        return [
            self.incoming(
                target,
                Author(who or f"unknown:{target}", name, ours=who == self.own_id),
                words(value, "message" if comment else "review_text") or words(value, "message") or default,
                post=story,
                sent_at=when(value, "created_time") or heard,
                edited_at=heard if verb in EDITED else None,
                extra={} if comment or rating["rating"] is None else rating,
            )
        ]

    # --- what was said before

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """Posts with their comments first, then recommendations, then private messages where they are wanted."""
        graph, own = self.graph(), self.own_id
        walks = {
            "comments": replace(FEED, parents=f"{own}/feed"),
            "recommendations": replace(RATINGS, parents=f"{own}/ratings"),
        }
        if self.settings["private"]:
            walks["messages"] = conversations(f"{own}/conversations", "messenger")
        found = several(graph, walks, cursor, limit, datetime.now(UTC))
        raws, known = profiles(graph, found.deliveries, cursor.get("known"), own, PERSON)
        return replace(found, deliveries=(*found.deliveries, *raws), cursor={**found.cursor, "known": known})

    def read_swept(self, about: str, body: Mapping[str, Any]) -> list[Item]:
        if about == NAME:
            return read_conversations(body, self.own_id, "messenger")
        if about == PROFILES:
            return each(objects(body, "data"), read_profile, "profile")
        if about == RATINGS.name:
            return each(objects(body, "data"), self.stored_rating, "recommendation")
        if about != FEED.name:
            return super().read_swept(about, body)
        if "parent" in body:
            post = words(body, "parent.id")
            return each(objects(body, "data"), lambda c: [self.stored_comment(c, post)], "comment")
        return each(objects(body, "data"), self.stored_post, "post")

    def stored_post(self, post: Mapping[str, Any]) -> list[Item]:
        target = must(post, "id")
        return [self.post({**post, "post_id": target, "photo": post.get("full_picture")}, target, None)]

    def stored_rating(self, rating: Mapping[str, Any]) -> list[Item]:
        story, reviewer = must(rating, "open_graph_story.id"), rating.get("reviewer")
        value = {**rating, "item": "rating", "verb": "add", "open_graph_story_id": story, "from": reviewer}
        return self.read_rating(value, None)

    def stored_comment(self, comment: Mapping[str, Any], post: str) -> Item:
        picture = link(comment, "attachment.media.image.src")
        value = {**comment, "post_id": post, "parent_id": words(comment, "parent.id") or post, "photo": picture}
        return self.comment(value, must(comment, "id"), None)

    # --- answers and deeds

    def send(self, outgoing: Outgoing) -> Sent:
        about = outgoing.about
        if about.get("via") == "messenger":
            return self.mailer().answer(outgoing, datetime.now(UTC))
        if not outgoing.answers:
            raise SendError("Facebook lets a page answer only what was written to it.", permanent=True)
        if outgoing.mode == "direct":
            return self.answer_in_private(outgoing)
        return self.answer_in_public(outgoing, str(about.get("answer_at") or outgoing.answers))

    def mailer(self) -> messaging.Mailer:
        allowed = bool(self.settings["human_agent"])
        own = self.own_id
        return messaging.Mailer(self.call, f"{own}/messages", human_agent=allowed, files=f"{own}/message_attachments")

    def answer_in_private(self, outgoing: Outgoing) -> Sent:
        if outgoing.heard_at and datetime.now(UTC) - outgoing.heard_at > messaging.WEEK:
            raise SendError(
                "More than seven days have passed since the comment, so Meta takes no private answer. "
                "Answer in public.",
                permanent=True,
            )
        name = "post_id" if outgoing.about.get("is_post") else "comment_id"
        return self.mailer().private_reply({name: outgoing.answers}, outgoing)

    def answer_in_public(self, outgoing: Outgoing, target: str) -> Sent:
        files_of(outgoing, 1, "A comment on Facebook")
        more: dict[str, Any] = {"data": {"message": outgoing.text}}
        for file in outgoing.attachments:
            if not file.media_type.startswith("image/"):
                raise SendError("A comment on Facebook takes only a picture. Send a link.", permanent=True)
            more["files"] = {"source": (file.name, file.content, file.media_type)}
        answer = self.call("POST", f"{target}/comments", **more)
        made = words(answer, "id")
        if not made:
            raise SendError("Meta did not say what it calls the comment. Look on the page.", uncertain=True)
        return Sent(made)

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        person = {"psid": json.dumps([str(about.get("person") or "")])}
        calls: dict[str, tuple[str, str, dict[str, Any]]] = {
            "hide": ("POST", target, {"data": {"is_hidden": "true"}}),
            "unhide": ("POST", target, {"data": {"is_hidden": "false"}}),
            "like": ("POST", f"{target}/likes", {}),
            "unlike": ("DELETE", f"{target}/likes", {}),
            "delete": ("DELETE", target, {}),
            "block": ("POST", f"{self.own_id}/blocked", {"data": person}),
            "unblock": ("DELETE", f"{self.own_id}/blocked", {"params": person}),
        }
        if deed not in calls:
            raise SendError(f"Facebook knows no {deed}.", permanent=True)
        if deed in ("block", "unblock") and not about.get("person"):
            raise SendError("Meta did not say who wrote this, so nobody can be blocked.", permanent=True)
        method, path, more = calls[deed]
        try:
            self.call(method, path, again=True, **more)
        except SendError as error:
            if deed in ("delete", "unlike") and isinstance(error.__cause__, GraphFailed) and error.__cause__.gone:
                return  # done before
            raise

    def check(self) -> None:
        where = f"POST {self.own_id}/subscribed_apps with these as subscribed_fields and the page's token."
        self.check_page(NEEDED, where)

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        page, at = self.own_id or "1", int(now.timestamp())
        value = {
            "item": "comment",
            "verb": "add",
            "from": {"id": "900000000000001", "name": "Test Person"},
            "post_id": f"{page}_100",
            "parent_id": f"{page}_100",
            "comment_id": f"100_{at}{number}",
            "created_time": at,
            "message": text,
        }
        change = {"field": "feed", "value": value}
        return self.signed({"object": "page", "entry": [{"id": page, "time": at, "changes": [change]}]})
