"""Calls to Slack's Web API: answers that say ok:false become words with a remedy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from crowdalogue import http
from crowdalogue.channels.asking import not_sent
from crowdalogue.channels.base import Attachment, SendError
from crowdalogue.channels.payload import part, word
from crowdalogue.errors import Failure

__all__ = ["NEEDED", "SlackCalls", "SlackError"]

NEEDED = (
    "chat:write", "channels:history", "channels:read", "users:read", "reactions:read", "reactions:write",
    "files:read", "files:write",
)  # fmt: skip
LARGEST = 50 * http.MEGABYTE
HOSTS = ("slack.com", "slack-gov.com", "slack-files.com")
AGAIN = "Copy the Bot User OAuth Token again from OAuth & Permissions of the app at api.slack.com/apps."

PASSING = {"ratelimited", "rate_limited", "fatal_error", "internal_error", "service_unavailable", "request_timeout"}
UNCERTAIN = {"fatal_error", "internal_error", "request_timeout"}  # Slack: part of it may have been done
WORDS = {
    "invalid_auth": f"Slack does not accept the bot token. {AGAIN}",
    "not_authed": f"The bot token is missing. {AGAIN}",
    "token_revoked": f"The bot token was revoked. Install the app again. {AGAIN}",
    "token_expired": f"The bot token has expired. {AGAIN} Turn token rotation off for this app.",
    "account_inactive": f"The app was removed from the workspace. Install it again. {AGAIN}",
    "not_allowed_token_type": f"This is not a bot token. {AGAIN}",
    "not_in_channel": "The app is not a member of this channel. Write /invite and its name there.",
    "channel_not_found": "Slack does not know this channel, or the app may not see it. Invite the app there.",
    "is_archived": "This channel is archived. Nothing can be written there.",
    "restricted_action": "The workspace does not let apps write in this channel. Ask its administrator.",
    "thread_not_found": "The message that is answered is no longer there.",
    "cannot_reply_to_message": "This message cannot be answered in a thread.",
    "msg_too_long": "The answer is longer than Slack takes. Shorten it.",
    "no_text": "There is no text to send. Write an answer first.",
    "user_not_found": "Slack does not know this person, or no longer.",
    "cannot_dm_bot": "This is a program, which cannot be sent direct messages.",
    "user_disabled": "This person's Slack account is closed. Write by another channel.",
    "ratelimited": "Slack asks for fewer calls. Crowdalogue waits and tries again.",
    "ekm_access_denied": "The workspace's administrators have suspended access to messages.",
    "file_not_found": "Slack no longer has this file.",
}


class SlackError(http.CallFailed):
    """A refusal; `slack_error` is Slack's own word for it."""

    slack_error = ""


class SlackCalls:
    """The Web API at `server` with one token."""

    def __init__(self, server: str, token: str) -> None:
        self.server = server.rstrip("/") or "https://slack.com/api"
        self.token = token

    def read(self, method: str, **params: Any) -> dict[str, Any]:
        """A method that changes nothing. Raises `SlackError` or `CallFailed`."""
        return self._answer("GET", method, params={k: v for k, v in params.items() if v not in ("", None)})

    def post(
        self, method: str, asked: dict[str, Any], *, harmless: bool = False, well: Sequence[str] = ()
    ) -> dict[str, Any]:
        """A method that does something. Errors in `well` mean that it was done before. Raises `SendError`."""
        try:
            form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in asked.items()}
            return self._answer("POST", method, idempotent=harmless, data=form)
        except http.CallFailed as failure:
            if getattr(failure, "slack_error", "") in well:
                return {}
            raise not_sent(failure) from failure

    def _answer(self, verb: str, method: str, **more: Any) -> dict[str, Any]:
        if not self.token:
            raise http.CallFailed(WORDS["not_authed"], permanent=True)
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            response = http.request(verb, f"{self.server}/{method}", headers=headers, **more)
        except http.CallFailed as failure:
            if failure.status not in (401, 403):
                raise
            raise http.CallFailed(WORDS["invalid_auth"], permanent=True, status=failure.status) from failure
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, dict) or "ok" not in found:
            raise http.CallFailed("Slack's answer could not be read. Try again later.", uncertain=verb == "POST")
        if found["ok"] is not True:
            raise refusal(found)
        if method == "auth.test":
            found["scopes"] = response.headers.get("x-oauth-scopes", "")
        return found

    # --- files

    def upload(self, file: Attachment) -> dict[str, str]:
        """Bring a file to Slack, where nobody sees it until `complete`. Safe to repeat."""
        asked = {"filename": file.name or "file", "length": len(file.content)}
        if not file.content or len(file.content) > LARGEST:
            raise SendError("A file must hold something and be smaller than 50 MB.", permanent=True)
        try:
            place = self._answer("POST", "files.getUploadURLExternal", idempotent=True, data=asked)
            url, name = word(place, "upload_url", needed=True), word(place, "file_id", needed=True)
            http.request("POST", url, trusted=False, idempotent=True, content=file.content)
        except Failure as failure:
            raise SendError(f"A file was not taken: {failure.text}", permanent=failure.permanent) from failure
        return {"id": name, "title": file.name or "file"}

    def complete(self, files: Sequence[dict[str, str]], channel: str, thread: str) -> None:
        """Show what was uploaded."""
        asked: dict[str, Any] = {"files": list(files), "channel_id": channel}
        self.post("files.completeUploadExternal", {**asked, "thread_ts": thread} if thread else asked)

    def download(self, url: str) -> bytes:
        """The content of a file by its address or, as slack:<id>, by its id. Raises `Failure`."""
        if url.startswith("slack:"):
            found = part(self.read("files.info", file=url.removeprefix("slack:")), "file")
            url = word(found, "url_private_download") or word(found, "url_private")
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" or not any(host == h or host.endswith(f".{h}") for h in HOSTS):
            raise Failure("This file is not at Slack, so it is not fetched with Slack's token. Open it in Slack.")
        response = http.request(
            "GET", url, trusted=False, max_bytes=LARGEST, headers={"authorization": f"Bearer {self.token}"}
        )
        if response.headers.get("content-type", "").startswith("text/html") and not parts.path.endswith(
            (".html", ".htm")
        ):
            raise Failure(
                "Slack asked for a sign-in instead of handing over the file. Give the app the scope files:read."
            )
        return response.content

    # --- set-up

    def check(self, channels: Sequence[str] = ()) -> None:
        """Try the token. Raises `Failure` naming what is missing: scopes, as far as Slack says, and memberships."""
        answer = self.read("auth.test")
        scopes = {s.strip() for s in str(answer.get("scopes") or "").split(",") if s.strip()}
        missing = [scope for scope in NEEDED if scope not in scopes]
        if scopes and missing:
            raise Failure(
                f"The app lacks the scopes {', '.join(missing)}. Add them under OAuth & Permissions, "
                "install the app again and enter its new token."
            )
        for name in channels[:20]:
            channel = part(self.read("conversations.info", channel=name), "channel")
            if channel.get("is_member") is False and not channel.get("is_im"):
                raise Failure(
                    f"The app is not a member of {word(channel, 'name') or name}. Write /invite and its name there."
                )


def refusal(found: dict[str, Any]) -> SlackError:
    """Slack's ok:false in words."""
    error = str(found.get("error") or "unknown")[:80]
    text = WORDS.get(error)
    if error == "missing_scope":
        needed = str(found.get("needed") or "")[:120]
        text = f"The app lacks the scope {needed}. Add it under OAuth & Permissions and install the app again."
    elif text is None and error in PASSING:
        text = "Slack has trouble of its own. Crowdalogue tries again later."
    failure = SlackError(
        text or f"Slack refused: {error}.", permanent=error not in PASSING, uncertain=error in UNCERTAIN
    )
    failure.slack_error = error
    return failure
