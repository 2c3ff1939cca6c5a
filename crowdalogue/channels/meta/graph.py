"""Calls to Meta's Graph API: signed with the app's secret, with errors in words that say what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from crowdalogue import http
from crowdalogue.channels.meta import door
from crowdalogue.channels.picking import objects, whole, words

__all__ = ["ADDRESS", "VERSION", "Graph", "GraphFailed"]

ADDRESS = "https://graph.facebook.com"
VERSION = "v23.0"
AGENT = "Crowdalogue/0.1.0"  # Meta's OpenAPI file wants a name with a version in three parts
NEARLY_SPENT = 90  # per cent of the allowance, as Meta's headers say

# Codes of Meta's errors, as its documentation groups them.
TOKEN = frozenset({102, 190, 463, 467})
PERMISSION = frozenset({3, 10, 131005, *range(200, 300)})
PACE = frozenset({4, 17, 32, 341, 368, 613, 130429, 131048, 131056, 133016, *range(80000, 80015)})
TROUBLE = frozenset({1, 2, 131000, 131016, 133004})  # of Meta's own
GONE = (100, 33)  # the object is not there, or may not be seen

WHY_TOKEN = {
    458: "the app was removed",
    459: "Meta wants the user to sign in again",
    460: "the password was changed",
    463: "it expired",
    464: "Meta wants the user to sign in again",
    467: "it was withdrawn",
    492: "its user no longer manages the page",
}
# What a single code means, where that says more than its group does.
WORDS = {
    551: "This person cannot be written to at the moment. They may have blocked the page or left.",
    10900: "This comment was already answered in private, which Meta allows once. Answer in public.",
    1545041: "This person cannot be written to: they did not write first, or they blocked the page.",
    2018001: "Meta knows no such person on this page. They may have deleted their account.",
    2018108: "This person does not take messages from the page.",
    2018278: "More than 24 hours have passed since the customer wrote, so Meta takes no message. Ask to be allowed the "
    "Human agent tag and switch it on in the channel's settings, or answer elsewhere.",
    2534022: "More than 24 hours have passed since the customer wrote, so Meta takes no message. Ask to be allowed the "
    "Human agent tag and switch it on in the channel's settings, or answer elsewhere.",
    131026: "WhatsApp could not hand over the message. The number may have no WhatsApp, or an old one. "
    "Answer elsewhere.",
    131030: "A test number may write only to numbers on its list. Add this one in Meta's WhatsApp set-up.",
    131031: "WhatsApp has locked the business account. See Business support home.",
    131042: "WhatsApp has no valid way of payment for this account. Add one in the WhatsApp Manager.",
    131047: "More than 24 hours have passed since the customer wrote, so WhatsApp takes only a template. "
    "Enter an approved template in the channel's settings.",
    131049: "WhatsApp held the message back: this person got many messages of businesses. Try again tomorrow.",
    131051: "WhatsApp does not know this kind of message.",
    131052: "The file could not be fetched from WhatsApp.",
    131053: "WhatsApp did not take the file. Check its kind and size.",
    132000: "The template wants another number of values. Use one whose body has exactly one, {{1}}.",
    132001: "WhatsApp has no approved template of this name in this language. Check both in the channel's settings.",
    132005: "The answer is too long for the template. Shorten it.",
    132007: "WhatsApp's policy does not allow this text in a template. Change it.",
    132012: "The template wants another kind of value. Use one whose body has exactly one text, {{1}}.",
    132015: "WhatsApp paused the template because many people disliked it. Use another one.",
    132016: "WhatsApp switched the template off for good. Use another one.",
    133010: "The phone number is not registered with the Cloud API. Register it in the WhatsApp Manager.",
}


class GraphFailed(http.CallFailed):
    """A call that Meta refused; `code` and `subcode` are Meta's own, 0 where it gave none."""

    def __init__(self, text: str, *, code: int = 0, subcode: int = 0, **more: Any) -> None:
        super().__init__(text, **more)
        self.code = code
        self.subcode = subcode

    @property
    def forbidden(self) -> bool:
        """Whether only this call is refused, and others with the same token may work."""
        return self.permanent and bool(self.code) and self.code not in TOKEN

    @property
    def gone(self) -> bool:
        """Whether what was called about is not there (any more)."""
        return (self.code, self.subcode) == GONE or self.status == 404


class Graph:
    """The Graph API as one account may use it. `named` and `remedy` are the words for a token that is over."""

    def __init__(
        self,
        token: str,
        secret: str,
        *,
        named: str,
        remedy: str,
        address: str = "",
        version: str = "",
    ) -> None:
        self.token, self.secret = token, secret
        self.named, self.remedy = named, remedy
        self.base = f"{(address or ADDRESS).rstrip('/')}/{version or VERSION}"
        self.spent = 0  # per cent of the allowance that the last answers said is used

    @property
    def nearly_spent(self) -> bool:
        return self.spent >= NEARLY_SPENT

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self.call("GET", path, params=params)

    def call(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, again: bool | None = None, **more: Any
    ) -> dict[str, Any]:
        """The JSON object Meta answers with. `again` says that repeating is harmless. Raises `GraphFailed`."""
        query = {name: str(value) for name, value in (params or {}).items() if value not in (None, "")}
        if self.secret:
            query["appsecret_proof"] = door.proof(self.secret, self.token)
        url = f"{self.base}/{path.lstrip('/')}"
        headers = {"authorization": f"Bearer {self.token}", "user-agent": AGENT}
        try:
            response = http.request(method, url, params=query, headers=headers, idempotent=again, **more)
        except http.CallFailed as failure:
            raise self.in_words(failure) from None
        self.spent = spent(response)
        return object_of(response)

    def in_words(self, failure: http.CallFailed) -> GraphFailed:
        """The refusal with cause and remedy. The token never is part of it, and neither is what was sent."""
        error = error_of(failure.response)
        code, subcode = whole(error, "code") or 0, whole(error, "error_subcode") or 0
        kept: dict[str, Any] = {
            "code": code,
            "subcode": subcode,
            "status": failure.status,
            "uncertain": failure.uncertain,
            "retry_after": failure.retry_after,
            "response": failure.response,
        }
        if code in TOKEN or (not code and failure.status == 401):
            why = WHY_TOKEN.get(subcode, "it expired or was withdrawn")
            text = f"Meta no longer takes the {self.named}: {why}. {self.remedy}"
            return GraphFailed(text, permanent=True, **(kept | {"uncertain": False}))
        if code in PACE:
            pause = regain(failure.response) or failure.retry_after
            text = "Meta asks for fewer calls. Crowdalogue waits and tries again."
            return GraphFailed(text, permanent=False, **(kept | {"uncertain": False, "retry_after": pause}))
        if found := WORDS.get(subcode) or WORDS.get(code):
            return GraphFailed(found, permanent=True, **(kept | {"uncertain": False}))
        if code in PERMISSION:
            text = (
                f"Meta does not allow this with the {self.named} ({self.said(error)}). "
                f"Give it the permissions listed in the channel's steps. {self.remedy}"
            )
            return GraphFailed(text, permanent=True, **(kept | {"uncertain": False}))
        if code in TROUBLE:
            text = "Meta has trouble of its own. Crowdalogue tries again later."
            return GraphFailed(text, permanent=False, **kept)
        if (code, subcode) == GONE:
            text = "Meta does not know this message (any more), or the token may not see it. It may have been deleted."
            return GraphFailed(text, permanent=True, **kept)
        if code:
            text = f"Meta did not accept the call ({self.said(error)}). Check the settings."
            return GraphFailed(text, permanent=failure.permanent, **kept)
        return GraphFailed(failure.text, permanent=failure.permanent, **kept)

    def said(self, error: Any) -> str:
        """What Meta says of it, in one line, without the token."""
        said = words(error, "error_user_msg") or words(error, "error_data.details") or words(error, "message")
        return " ".join(said.replace(self.token or "\0", "...").split())[:200] or f"error {words(error, 'code')}"


def object_of(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        # What was sent may well have been taken.
        raise GraphFailed("Meta answered with something that is not JSON. Try again later.", uncertain=True)
    return found


def error_of(response: httpx.Response | None) -> dict[str, Any]:
    if response is None:
        return {}
    try:
        found = response.json()
    except ValueError:
        return {}
    error = found.get("error") if isinstance(found, dict) else None
    return error if isinstance(error, dict) else {}


def usage(response: httpx.Response | None) -> list[dict[str, Any]]:
    """What Meta's headers say of the allowance: by app, by page, and by kind of business use."""
    found: list[dict[str, Any]] = []
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        try:
            said = json.loads(response.headers.get(name, "null")) if response is not None else None
        except ValueError:
            continue
        if isinstance(said, dict):
            found += [said, *(one for value in said.values() for one in objects(value))]
    return found


def spent(response: httpx.Response) -> int:
    numbers = [whole(said, name) for said in usage(response) for name in ("call_count", "total_cputime", "total_time")]
    return max((n for n in numbers if n is not None), default=0)


def regain(response: httpx.Response | None) -> float | None:
    """Seconds until calls are allowed again, which Meta says in minutes."""
    minutes = [whole(said, "estimated_time_to_regain_access") or 0 for said in usage(response)]
    return 60.0 * max(minutes, default=0) or None
