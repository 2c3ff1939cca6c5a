"""Kinds that only hold what was imported or made for the demo: nothing knocks, nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crowdalogue.channels.base import Channel

# kind -> (label, icon, whether what is said there is public)
ARCHIVES: dict[str, tuple[str, str, bool]] = {
    "": ("Archive", "i-archive", False),  # every kind not named here
    "x": ("X", "i-post", True),
    "social": ("Social posts", "i-post", True),
    "twitter": ("Twitter", "i-post", True),
    "facebook": ("Facebook", "i-post", True),
    "instagram": ("Instagram", "i-post", True),
    "review": ("Reviews", "i-review", True),
    "webchat": ("Web chat", "i-chat", False),
    "form": ("Web form", "i-form", False),
    "forum": ("Forum", "i-forum", True),
    "community": ("Community", "i-community", True),
    "sms": ("SMS", "i-sms", False),
    "survey": ("Survey", "i-surveys", False),
    "ticket": ("Tickets", "i-chat", False),
    "import": ("Imported", "i-file", False),
}


class Archive(Channel):
    """A channel that was read from a file. Its label and icon follow the account's kind."""

    guide = "Holds messages that came by import. Connect the channel itself to receive new ones and to answer."

    @staticmethod
    def of(kind: str, settings: Mapping[str, Any] | None = None) -> Archive:
        """An archive of that kind; kinds not known here get their name as a label."""
        return archive_class(kind)(settings)


_made: dict[str, type[Archive]] = {}


def archive_class(kind: str) -> type[Archive]:
    if kind not in _made:
        label, icon, public = ARCHIVES.get(kind) or (readable(kind), ARCHIVES[""][1], ARCHIVES[""][2])
        _made[kind] = type("Archive", (Archive,), {"kind": kind, "label": label, "icon": icon, "public": public})
    return _made[kind]


def readable(kind: str) -> str:
    """`app_store` as App store."""
    words = kind.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] if words else ARCHIVES[""][0]
