"""Exports of help desks with their history: one row of ours for every comment, article or message inside a ticket.

Zendesk (tickets with `comments`), Chatwoot (conversations with `messages`) and Zammad (tickets with `articles`, or
articles alone). Recognised by their shape, object by object, so that they may stand in JSON lines or in an array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from crowdalogue.channels.mail.text import html_to_text

Ticket = Mapping[str, Any]
MOST = 10_000  # messages of one ticket
CLOSED = ("solved", "closed", "resolved", "merged")
CHATWOOT = {0: "in", "incoming": "in", 1: "out", "outgoing": "out", 3: "out", "template": "out"}
CHANNELS = {
    "email": "email", "web": "form", "api": "import", "web_widget": "webchat", "chat": "webchat", "voice": "phone",
    "phone": "phone", "sms": "sms", "whatsapp": "whatsapp", "facebook": "facebook", "facebook_page": "facebook",
    "twitter": "x", "twitter_profile": "x", "twitter_dm": "x", "telegram": "telegram", "line": "line",
    "twilio_sms": "sms", "instagram": "instagram", "web form": "form", "webform": "form", "note": "",
}  # fmt: skip


def unfold(item: Any) -> Iterator[Any]:
    """The rows inside one JSON object of a help desk's export; anything else is given back as it is."""
    if not isinstance(item, dict):
        yield item
        return
    reader = reader_of(item)
    if reader is None:
        yield item
    else:
        yield from rated(item, list(reader(item)))


def reader_of(item: Ticket) -> Callable[[Ticket], Iterator[dict[str, Any]]] | None:
    if listed(item, "comments") and ({"requester", "requester_id"} & item.keys()):
        return zendesk
    if listed(item, "messages") and ("meta" in item or "inbox_id" in item):
        return chatwoot
    if listed(item, "articles") and ({"title", "number"} & item.keys()):
        return zammad
    if {"ticket_id", "sender", "body", "internal"} <= item.keys():
        return lambda article: iter([zammad_row({}, article)])
    return None


def rated(ticket: Ticket, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the customer thought of it belongs to the customer: to their last message, with the best there is."""
    found = rating_of(ticket)
    theirs = next((row for row in reversed(rows) if row.get("direction") == "in"), None)
    if found and theirs is not None:
        theirs |= {"rating": found[0], "rating_max": found[1]}
    return rows


def rating_of(ticket: Ticket) -> tuple[int, int] | None:
    """(rating, best): Zendesk's thumb is 1 or 0 of 1, Chatwoot's survey 1 to 5. None where nobody was asked or
    answered."""
    thumb = str(part(ticket, "satisfaction_rating").get("score") or "").casefold()
    if thumb.startswith(("good", "bad")):
        return (1 if thumb.startswith("good") else 0), 1
    surveys = [ticket, *(part(part(m, "content_attributes"), "submitted_values") for m in asked_in(ticket))]
    stars = [part(survey, "csat_survey_response").get("rating") for survey in surveys]
    given = [n for n in stars if isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= 5]
    return (given[-1], 5) if given else None


def asked_in(talk: Ticket) -> list[Ticket]:
    """The messages of a Chatwoot talk; its surveys are among them, with what was answered."""
    return list(talk["messages"][:MOST]) if listed(talk, "messages") else []


def listed(item: Ticket, name: str) -> bool:
    found = item.get(name)
    return isinstance(found, list) and all(isinstance(v, dict) for v in found)


# --- Zendesk


def zendesk(ticket: Ticket) -> Iterator[dict[str, Any]]:
    people = {str(p["id"]): p for p in nested(ticket) if p.get("id") is not None}
    requester = part(ticket, "requester")
    customer = str(requester.get("id") or ticket.get("requester_id") or "")
    last = ""
    for number, comment in enumerate(ticket["comments"][:MOST], 1):
        who = str(comment.get("author_id") or part(comment, "author").get("id") or "")
        person = people.get(who) or part(comment, "author")
        name = f"zendesk-{ticket.get('id')}-{comment.get('id') or number}"
        ours = who != customer and person.get("role") != "end-user"
        yield {
            **common(ticket, name, ours, last),
            "text": word(comment, "plain_body") or plain_text(comment, "body", "html_body"),
            "sent at": comment.get("created_at") or ticket.get("created_at"),
            "author": word(person, "email") or word(person, "phone") or (f"zendesk-user-{who}" if who else ""),
            "author name": word(person, "name"),
            "direction": "note" if comment.get("public") is False else "out" if ours else "in",
            "subject": word(ticket, "subject"),
            "channel": channel(part(comment, "via").get("channel") or part(ticket, "via").get("channel") or "email"),
            **state_of(ticket, number == len(ticket["comments"])),
        }
        last = name if comment.get("public") is not False else last


def nested(ticket: Ticket) -> Iterator[Ticket]:
    """Everybody a ticket carries along."""
    for value in ticket.values():
        for one in value[:1000] if isinstance(value, list) else [value]:
            if isinstance(one, dict) and "name" in one and "id" in one:
                yield one


# --- Chatwoot


def chatwoot(talk: Ticket) -> Iterator[dict[str, Any]]:
    customer = part(part(talk, "meta"), "sender") or part(talk, "contact")
    where = channel(str(part(talk, "meta").get("channel") or talk.get("channel") or "").removeprefix("Channel::"))
    last = ""
    for number, message in enumerate(talk["messages"][:MOST], 1):
        direction = CHATWOOT.get(message.get("message_type", 0), "note")  # the rest tells of assignments and the like
        ours = direction != "in"
        sender = part(message, "sender") or ({} if ours else customer)
        person = sender if ours else {**customer, **{k: v for k, v in sender.items() if v}}
        name = f"chatwoot-{talk.get('id')}-{message.get('id') or number}"
        yield {
            **common(talk, name, ours, last),
            "text": plain_text(message, "content") or attached(message),
            "sent at": moment(message.get("created_at")),
            "author": word(person, "email") or word(person, "phone_number") or word(person, "identifier"),
            "author name": word(person, "name"),
            "direction": "note" if message.get("private") is True else direction,
            "subject": word(part(talk, "additional_attributes"), "mail_subject"),
            "channel": where,
            **state_of(talk, number == len(talk["messages"])),
        }
        last = name if direction != "note" else last


def attached(message: Ticket) -> str:
    """A message that is only a file says so."""
    files = [f for f in message.get("attachments") or () if isinstance(f, dict)]
    return " ".join(str(f.get("data_url") or f.get("file_type") or "file") for f in files[:20])


def moment(value: Any) -> Any:
    """Seconds since 1970 as text with a zone, which no order of day and month can change."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e11:
        return datetime.fromtimestamp(value, UTC).isoformat()
    return value


# --- Zammad


def zammad(ticket: Ticket) -> Iterator[dict[str, Any]]:
    last = ""
    for number, article in enumerate(ticket["articles"][:MOST], 1):
        row = zammad_row(ticket, article)
        row |= state_of(ticket, number == len(ticket["articles"]))
        row["in reply to"] = row["in reply to"] or last
        yield row
        last = row["id"] if row["direction"] != "note" else last


def zammad_row(ticket: Ticket, article: Ticket) -> dict[str, Any]:
    name, address = parseaddr(str(article.get("from") or ""))
    customer = word(ticket, "customer")
    sender = str(article.get("sender") or "").casefold()
    ours = sender != "customer"
    if not ours and not address:
        address = customer
    internal = article.get("internal") is True or sender == "system"
    number = ticket.get("id") or article.get("ticket_id")
    return {
        **common({**ticket, "id": number}, f"zammad-{number}-{article.get('id')}", ours, ""),
        "text": plain_text(article, "body") if "html" in str(article.get("content_type")) else word(article, "body"),
        "sent at": article.get("created_at"),
        "author": address or word(article, "created_by"),
        "author name": name,
        "direction": "note" if internal else "out" if ours else "in",
        "subject": word(article, "subject") or word(ticket, "title"),
        "channel": channel(article.get("type") or "email"),
    }


# --- what they share


def common(ticket: Ticket, name: str, ours: bool, last: str) -> dict[str, Any]:
    return {"id": name, "thread": str(ticket.get("id") or ticket.get("number") or ""), "in reply to": last}


def state_of(ticket: Ticket, is_last: bool) -> dict[str, Any]:
    """How the ticket ended and what was noted on it, kept with its last message."""
    if not is_last:
        return {}
    state = ticket.get("status") or ticket.get("state") or ""
    state = str(state.get("name") if isinstance(state, dict) else state).casefold()
    found: dict[str, Any] = {"ticket": str(ticket.get("number") or ticket.get("id") or "")}
    if state:
        found["ticket_state"] = "closed" if state in CLOSED else state
    for theirs, ours in (("tags", "tags"), ("labels", "tags"), ("priority", "ticket_priority"), ("group", "group")):
        value = ticket.get(theirs)
        if (isinstance(value, str | int) and not isinstance(value, bool)) or (isinstance(value, list) and value):
            found[ours] = value
    rating = part(ticket, "satisfaction_rating").get("score")
    return found | ({"ticket_satisfaction": rating} if rating else {})


def channel(name: Any) -> str:
    plain = str(name or "").casefold().replace("::", "_").strip()
    known = CHANNELS.get(plain) or CHANNELS.get(
        plain.replace("webwidget", "web_widget").replace("facebookpage", "facebook")
    )
    return known or plain.split("_")[0] or "import"


def part(item: Ticket, name: str) -> Ticket:
    found = item.get(name)
    return found if isinstance(found, dict) else {}


def word(item: Ticket, name: str) -> str:
    found = item.get(name)
    return str(found).strip() if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def plain_text(item: Ticket, *names: str) -> str:
    """The first of these that says something, without its markup."""
    for name in names:
        text = word(item, name)
        if text:
            return html_to_text(text).strip() if "<" in text and ">" in text else text
    return ""
