"""Reddit: an account's inbox, and the posts and comments of communities, by asking.

Lists are read newest first back to the time of the last whole look, not by Reddit's `before`, which answers nothing
once the thing it names was deleted. What was seen lately is asked for again by name, so that edits and removals of it
are noticed. Reddit has no idempotency keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crowdalogue import http
from crowdalogue.channels.asking import (
    Walk,
    ask,
    grant,
    json_of,
    kept,
    listed,
    looked,
    not_sent,
    refuse_fault,
    resting,
)
from crowdalogue.channels.base import (
    Attachment,
    Author,
    Channel,
    Fetched,
    Field,
    Incoming,
    Item,
    Kind,
    Outgoing,
    Raw,
    Removal,
    SendError,
    Sent,
    Unknown,
)
from crowdalogue.channels.jsonbody import take
from crowdalogue.channels.mail.text import clean_html
from crowdalogue.channels.picking import body_of, digest, each, link, must, objects, tidy, when, whole, words
from crowdalogue.errors import Failure

API = "https://oauth.reddit.com"
TOKEN = "https://www.reddit.com/api/v1/access_token"  # noqa: S105 - an address
DOOR = "x-asked"  # which list a thing is from: inbox, community, search
GONE = {"[deleted]", "[removed]"}
REMEDY = "Enter the app's id and secret and the account's password, or a new refresh token, in the settings."
WATCHED = 100  # things looked at again, as many as one call takes
MAX_COMMUNITIES = 50
LATER = {"RATELIMIT", "QUOTA_FILLED"}
REASONS = {
    "THREAD_LOCKED": "The discussion is locked. It cannot be answered in public.",
    "DELETED_COMMENT": "The comment was deleted. It cannot be answered any more.",
    "TOO_OLD": "The discussion is archived. It cannot be answered any more.",
    "NOT_WHITELISTED_BY_USER_MESSAGE": "This person takes no direct messages from us.",
    "USER_DOESNT_EXIST": "This account is not there any more.",
    "USER_REQUIRED": "The sign-in does not count for this. Make a new refresh token with the rights of the steps.",
    "SUBREDDIT_NOTALLOWED": "The community does not let this account write there.",
}


class Reddit(Channel):
    kind = "reddit"
    label = "Reddit"
    icon = "i-forum"
    polls = True
    backfills = True
    replies = True
    modes = ("public", "direct")
    longest = 10_000
    public = True
    media = "in"
    edits = True
    deeds = ("hide", "unhide")
    searches = True
    tried = "the reader against PRAW's 640 recordings (21,254 posts, comments and messages); answers as they show them"
    fields = (
        Field("client_id", "Id of the app", "Under the app's name on the page of your apps."),
        Field("client_secret", "Secret of the app", kind="secret"),
        Field("username", "Name of the account", "Without u/."),
        Field("password", "Password of the account", "Only with an app of kind script.", kind="secret", required=False),
        Field("refresh_token", "Refresh token", "Instead of the password.", kind="secret", required=False),
        Field("communities", "Communities to read", "One a line, without r/.", kind="lines", required=False),
        Field(
            "about",
            "Whose communities these are",
            kind="choice",
            default="others",
            choices=(
                ("others", "Other people's: read, and nobody waits"),
                ("own", "Ours: posts and comments wait for an answer"),
            ),
        ),
        Field("minutes", "Minutes between looks", kind="number", required=False, default=1),
    )
    guide = (
        "The account's inbox (replies, mentions and direct messages), and the communities you name. Comments can be "
        "hidden and shown again only where the account is a moderator."
    )
    steps = (
        "Sign in to Reddit with the account that is to answer, and open the page of your apps (preferences, apps).",
        "Create an app of kind script. Enter its id and secret here, with the account's name and password.",
        "An account with two-factor sign-in needs a refresh token instead, with the rights identity, read, submit, "
        "privatemessages and, for moderators, modposts.",
    )

    @property
    def username(self) -> str:
        return str(self.settings.get("username") or "").strip().removeprefix("u/")

    @property
    def communities(self) -> str:
        """The communities as Reddit's addresses join them."""
        lines = str(self.settings.get("communities") or "").splitlines()
        names = (line.strip().strip("/").removeprefix("r/") for line in lines)
        return "+".join(list(dict.fromkeys(n for n in names if n.replace("_", "").isalnum()))[:MAX_COMMUNITIES])

    # --- calls

    def token(self, fresh: bool = False) -> str:
        s = {name: str(self.settings.get(name) or "") for name in ("client_id", "client_secret", "password")}
        refresh = str(self.settings.get("refresh_token") or "")
        form = {"grant_type": "password", "username": self.username, "password": s["password"]}
        if refresh:
            form = {"grant_type": "refresh_token", "refresh_token": refresh}
        return kept(
            (TOKEN, *s.values(), self.username, refresh),
            lambda: grant(TOKEN, form, REMEDY, auth=(s["client_id"], s["client_secret"]), headers=self.agent),
            fresh=fresh,
        )

    @property
    def agent(self) -> dict[str, str]:
        """Reddit asks every program to say who it is and who runs it; it slows those that do not."""
        return {"user-agent": f"server:crowdalogue:1.0 (by /u/{self.username})"}

    def call(self, method: str, path: str, **more: Any) -> Any:
        try:
            return json_of(ask(method, API + path, self.token, headers=self.agent, **more))
        except http.CallFailed as failure:
            raise in_words(failure) from failure

    def check(self) -> None:
        """Ask who we are and whether the inbox may be read. Raises `Failure`."""
        if not (self.settings.get("password") or self.settings.get("refresh_token")):
            raise Failure("Reddit needs a password or a refresh token. Enter one of them.")
        name = words(self.call("GET", "/api/v1/me"), "name")
        if name.casefold() != self.username.casefold():
            raise Failure(f"The sign-in is of the account {name or 'of an app only'}, not of {self.username}.")
        self.call("GET", "/message/inbox", params={"limit": "1"})
        if self.communities:
            self.call("GET", f"/r/{self.communities}/new", params={"limit": "1"})

    # --- asking

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """One page of one list a call: the inbox, what we wrote, the communities, then what was seen lately."""
        lists = {"inbox": "/message/inbox", "sent": "/message/sent", "own": f"/user/{self.username}/comments"}
        if self.communities:
            lists |= {"comments": f"/r/{self.communities}/comments", "posts": f"/r/{self.communities}/new"}
        order = [*lists, "again"]
        at = cursor.get("at", 0)
        at = at if isinstance(at, int) and 0 <= at < len(order) else 0
        if "at" not in cursor and resting(cursor, self.settings.get("minutes")):
            return Fetched((), dict(cursor))
        after = {k: v for k, v in cursor.items() if k in (*lists, "seen")}
        door = order[at]
        if door == "again":
            return Fetched(self.again(cursor), looked(after))
        walk = Walk.of(cursor.get(door))
        things, deliveries = self.page(lists[door], door, walk, limit)
        names = {words(t, "data.name"): door for t in things if words(t, "kind") in ("t1", "t3")}
        seen = names | self.seen(cursor)  # a thing keeps the list it was first seen in
        after |= {door: walk.cursor, "seen": dict(list(seen.items())[:WATCHED])}
        return Fetched(deliveries, after | {"at": at if walk.page else at + 1}, more=True)

    def page(
        self, path: str, door: str, walk: Walk, limit: int, **params: str
    ) -> tuple[list[dict[str, Any]], tuple[Raw, ...]]:
        asked = {"limit": str(min(100, limit)), "raw_json": "1", **params} | ({"after": walk.page} if walk.page else {})
        answer = self.call("GET", path, params=asked)
        things = listed(answer, "data.children", "Reddit")
        made = [whole(t, "data.created_utc") for t in things]
        walk.step(made, words(answer, "data.after"))
        return things, tuple(self.delivery(t, door) for t in things)

    def delivery(self, thing: Mapping[str, Any], door: str) -> Raw:
        """One thing; another key only where its words changed, so that votes make no new delivery."""
        data = thing.get("data")
        said = [words(data, n) for n in ("name", "body", "selftext", "title", "removed_by_category")]
        said.append(str(take(data, "edited")))
        body = json.dumps(thing, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        return Raw(body, {"content-type": "application/json", DOOR: door}, key=digest("\n".join([door, *said])))

    def again(self, cursor: Mapping[str, Any]) -> tuple[Raw, ...]:
        """What was seen lately and has been edited or taken back since."""
        seen = self.seen(cursor)
        if not seen:
            return ()
        answer = self.call("GET", "/api/info", params={"id": ",".join(seen), "raw_json": "1"})
        things = listed(answer, "data.children", "Reddit")
        changed = (t for t in things if take(t, "data.edited") or is_gone(t.get("data")))
        return tuple(self.delivery(t, seen.get(words(t, "data.name"), "posts")) for t in changed)

    @staticmethod
    def seen(cursor: Mapping[str, Any]) -> dict[str, str]:
        """What is looked at again, with the list it is from."""
        seen = cursor.get("seen")
        return {str(n): str(d) for n, d in list(seen.items())[:WATCHED]} if isinstance(seen, dict) else {}

    def search(self, terms: Sequence[str], cursor: Mapping[str, Any], limit: int = 100) -> Fetched:
        """Posts; Reddit's search knows no comments."""
        wanted = [f'"{t.replace(chr(34), " ").strip()}"' for t in terms if t.strip()][:30]
        if not wanted:
            raise Failure("There is nothing to search for. Enter at least one word.")
        walk = Walk.of(cursor)
        query = " OR ".join(wanted)[:512]
        _, deliveries = self.page("/search", "search", walk, limit, q=query, sort="new", type="link")
        return Fetched(deliveries, walk.cursor, more=bool(walk.page))

    # --- reading

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        thing = body_of(raw.body)
        return each([thing], lambda t: self.read(t, raw.headers.get(DOOR, "inbox")), "thing")

    def read(self, thing: Mapping[str, Any], door: str) -> Item:
        kind, data = words(thing, "kind"), thing.get("data")
        if kind not in ("t1", "t3", "t4") or not isinstance(data, dict):
            return Unknown(f"a thing of kind {kind[:20]!r}")
        if is_gone(data):
            return Removal(must(data, "name"))
        if kind == "t4":
            return self.direct(data)
        return self.said(data, post=kind == "t3", door=door)

    def author(self, data: Mapping[str, Any]) -> Author:
        name = words(data, "author") or words(data, "subreddit_name_prefixed") or "[deleted]"
        facts = tidy({"username": name, "bot": name == "AutoModerator" or None})
        return Author(name, name, name.casefold() == self.username.casefold(), facts=facts)

    def said(self, data: Mapping[str, Any], *, post: bool, door: str) -> Incoming:
        """A post or comment."""
        identity, author = must(data, "name"), self.author(data)
        context = words(data, "permalink") or words(data, "context").partition("?")[0]
        pieces = context.split("/")
        root = identity if post else words(data, "link_id")
        if not root and "comments" in pieces[:-1]:
            root = f"t3_{pieces[pieces.index('comments') + 1]}"
        parent = "" if post else words(data, "parent_id")
        to_us = door == "inbox" or (door != "search" and self.settings.get("about") == "own")
        address = link(data, "url") if post and not take(data, "is_self") else ""
        text = words(data, "selftext") if post else words(data, "body")
        return Incoming(
            external_id=identity,
            author=author,
            text=text or address or words(data, "title"),
            subject=(words(data, "title") if post else "")[:300],
            html=clean_html(words(data, "selftext_html" if post else "body_html")),
            sent_at=when(data, "created_utc"),
            edited_at=when(data, "edited"),
            parents=(parent,) if parent else (),
            threads=(root,) if root else (),
            kind=self.sort(data, Kind.MESSAGE if to_us or author.ours else Kind.OVERHEARD),
            url=f"https://www.reddit.com{context}"[:500] if context.startswith("/") else "",
            public=True,
            attachments=files(data) if post else (),
            extra=tidy(
                {
                    "community": words(data, "subreddit"),
                    "title": words(data, "link_title")[:300],
                    "score": whole(data, "score"),
                    "comments": whole(data, "num_comments") if post else None,
                    "link": address,
                }
            ),
        )

    def direct(self, data: Mapping[str, Any]) -> Incoming:
        identity = must(data, "name")
        parent = words(data, "parent_id")
        first = words(data, "first_message_name") or identity
        author, other = self.author(data), words(data, "dest")
        return Incoming(
            external_id=identity,
            author=author,
            to=(Author(other, other),) if author.ours and other else (),
            text=words(data, "body"),
            subject=words(data, "subject")[:300],
            html=clean_html(words(data, "body_html")),
            sent_at=when(data, "created_utc"),
            parents=(parent,) if parent else (),
            threads=(first,),
            kind=self.sort(data, Kind.MESSAGE),
            extra={"direct": True},
        )

    @staticmethod
    def sort(data: Mapping[str, Any], usual: Kind) -> Kind:
        """Reddit itself and its helpers write too; nobody waits for an answer to that."""
        machine = words(data, "distinguished") == "admin" or words(data, "author") in ("AutoModerator", "reddit")
        return Kind.AUTOMATIC if machine else usual

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        thing = {
            "kind": "t1",
            "data": {
                "name": f"t1_test{number}",
                "author": "ada_example",
                "body": text,
                "type": "comment_reply",
                "parent_id": "t1_test0",
                "created_utc": now.timestamp(),
                "context": f"/r/example/comments/test/a_test/test{number}/?context=3",
            },
        }
        return self.delivery(thing, "inbox")

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        try:
            if outgoing.mode == "direct" and not outgoing.about.get("direct"):
                return self.compose(outgoing)
            target = outgoing.answers or next(iter(outgoing.parents), "")
            if not target:
                return self.compose(outgoing)
            form = {"api_type": "json", "thing_id": target, "text": outgoing.text, "raw_json": "1"}
            name = words(self.post("/api/comment", form), "json.data.things.0.data.name")
        except SendError:
            raise
        except Failure as failure:
            raise not_sent(failure) from failure
        if not name:
            raise SendError("Reddit did not say what it made of this. Look there before sending again.", uncertain=True)
        return Sent(name)

    def compose(self, outgoing: Outgoing) -> Sent:
        """A direct message to a person. Reddit does not say its name, so it is looked up among those sent."""
        subject = outgoing.subject or "Your message"
        form = {"api_type": "json", "to": outgoing.to.address, "subject": subject[:100], "text": outgoing.text}
        self.post("/api/compose", form)
        try:
            answer = self.call("GET", "/message/sent", params={"limit": "10", "raw_json": "1"})
        except Failure:
            answer = {}
        for thing in objects(answer, "data.children"):
            if words(thing, "data.body").strip() == outgoing.text.strip():
                return Sent(must(thing, "data.name"))
        return Sent(f"composed:{outgoing.key}"[:200])

    def post(self, path: str, form: Mapping[str, str], **more: Any) -> Any:
        """A form Reddit took. It answers 200 with errors inside, too."""
        answer = self.call("POST", path, data=dict(form), **more)
        faults = take(answer, "json.errors")
        if isinstance(faults, list) and faults:
            fault = faults[0] if isinstance(faults[0], list) else [str(faults[0])]
            code, said = str(fault[0]), str(fault[1])[:200] if len(fault) > 1 else ""
            text = REASONS.get(code) or f"Reddit did not take it: {said or code}."
            if code in LATER:
                text = f"Reddit asks for fewer answers from this account: {said or 'try again later'}."
            raise SendError(text, permanent=code not in LATER)
        return answer

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        if deed not in self.deeds:
            raise SendError(f"Reddit cannot {deed} from here.", permanent=True)
        form = {"api_type": "json", "id": target} | ({"spam": "false"} if deed == "hide" else {})
        try:
            self.post("/api/remove" if deed == "hide" else "/api/approve", form, idempotent=True)
        except http.CallFailed as failure:
            text = "Only a moderator of this community may do that, with the right modposts."
            raise not_sent(failure, text if failure.status == 403 else "") from failure
        except SendError:
            raise
        except Failure as failure:
            raise not_sent(failure) from failure

    def download(self, url: str) -> bytes:
        return http.request("GET", url, trusted=False, headers=self.agent).content


def is_gone(data: Any) -> bool:
    """Whether the words were taken back by their author, a moderator or Reddit."""
    said = words(data, "selftext").strip() or words(data, "body").strip()
    return said in GONE or bool(words(data, "removed_by_category"))


def files(data: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The picture a post is, or those of its gallery."""
    url = link(data, "url")
    if words(data, "post_hint") == "image" and url:
        return (Attachment(url.rpartition("/")[2][:200] or "picture", "image/jpeg", url=url),)
    media = data.get("media_metadata")
    found = list(media.items())[:20] if isinstance(media, dict) else []
    return tuple(
        Attachment(f"{name}.jpg", words(m, "m") or "image/jpeg", url=address)
        for name, m in found
        if (address := link(m, "s.u"))
    )


def in_words(failure: http.CallFailed) -> http.CallFailed:
    """The refusal as Reddit means it."""
    if failure.status == 401:
        text = f"Reddit refused the access token (401). {REMEDY}"
    elif failure.status == 403:
        text = (
            "Reddit does not allow that (403): the community is closed to this account, or the app lacks the right. "
            "It needs identity, read, submit and privatemessages."
        )
    else:
        return failure
    return failure.saying(text)
