"""What a visitor of the chat or the form meets: whether somebody is there, which language, which colours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from crowdalogue.act import hours
from crowdalogue.act.promises import Targets
from crowdalogue.channels import open_channel, webpage
from crowdalogue.models import Account
from crowdalogue.web.frame import company


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether the team is there now, and since or until when not. `opens_at` is None where that is not known."""

    open: bool
    opens_at: datetime | None
    due_at: datetime  # by when a message of now is promised an answer
    zone: str  # whose clock the team's hours are told by


def presence(account: Account, now: datetime | None = None) -> Presence:
    """By the promise (target and hours) of the account's kind and usual priority."""
    now = now or timezone.now()
    targets = Targets()
    target = targets.of(account.kind, 1)
    opening = targets.opening(target)
    due = hours.due(now, target.first_minutes, opening)
    home = company()
    zone = opening.zone if opening else (home.timezone if home else "") or "UTC"
    if opening is None or hours.is_open(now, opening):
        return Presence(True, None, due, zone)
    begins = next((begin for begin, _ in hours.spans(opening, now, now + hours.HORIZON)), None)
    return Presence(False, begins, due, zone)


def settings_of(account: Account) -> dict[str, Any]:
    """The account's settings with the channel's defaults."""
    return open_channel(account.kind, account.all_settings).settings


def language_of(wanted: str, account: Account) -> str:
    """The account's language, else the first of the wanted ones (a page's lang, Accept-Language) that we speak."""
    known = dict(webpage.LANGUAGES)
    fixed = str(settings_of(account).get("language") or "")
    if fixed in known:
        return fixed
    for one in re.findall(r"(?:^|,)\s*([A-Za-z]{2})(?![A-Za-z])", wanted[:200]):
        if one.lower() in known:
            return str(one).lower()
    return "en"


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on this colour (contrast at least 4.5)."""
    value = colour.removeprefix("#")
    if not re.fullmatch(r"[0-9a-fA-F]{6}", value):
        return "#ffffff"
    channels = [int(value[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 else "#000000"
