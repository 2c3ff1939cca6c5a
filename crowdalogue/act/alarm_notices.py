"""Telling people of an alarm, once a way: on the page, by e-mail, by a signed webhook. The rows are the jobs.

A webhook gets JSON whose `text` chat services (Slack, Mattermost, Teams' and Discord's Slack-like doors) show as it is.
E-mail leaves as notices.py says. Neither was tried at a provider: at servers on this machine only.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now as the_time

from crowdalogue import live
from crowdalogue.act import notices
from crowdalogue.channels.alarm_post import post
from crowdalogue.channels.base import Author
from crowdalogue.errors import Failure, SendError
from crowdalogue.models import AlarmEpisode, AlarmNotice

OLD = timedelta(hours=24)  # what was raised longer ago is on the page only: nobody wants to be woken for it
States = AlarmNotice.State


def queue(episode: AlarmEpisode, now: datetime) -> list[AlarmNotice]:
    """A notice for every way and target of the rule. Call inside the transaction that keeps the episode."""
    tell = episode.rule.tell if episode.rule else {}
    targets = [("page", "")] if tell.get("page", True) else []
    if now - episode.raised_at < OLD:
        targets += [("email", address) for address in tell.get("emails") or ()]
        targets += [("webhook", tell["webhook"])] if tell.get("webhook") else []
    rows = [AlarmNotice(episode=episode, way=way, target=target, not_before=now) for way, target in targets]
    return AlarmNotice.objects.bulk_create(rows, ignore_conflicts=True)


def due(at: datetime, limit: int) -> list[AlarmNotice]:
    """Notices to be tried now, each by one worker."""
    return notices.due(AlarmNotice, at, limit, "episode__rule")


def deliver(notice: AlarmNotice) -> None:
    """Tell one. Raises Failure with cause and remedy."""
    if notice.way == "page":
        live.announce("alarm_raised", notice.episode_id)
    elif notice.way == "email":
        send_mail(notice)
    else:
        send_hook(notice)


def mark_sent(notice: AlarmNotice) -> None:
    with transaction.atomic():
        AlarmNotice.objects.filter(pk=notice.pk).update(state=States.SENT, sent_at=the_time(), reason="")
        live.announce("alarm", notice.episode_id)


def mark_problem(notice: AlarmNotice, failure: Failure) -> None:
    """Kept with its reason; tried again later unless that cannot help or the content may have left already."""
    uncertain = isinstance(failure, SendError) and failure.uncertain and notice.way == "webhook"
    with transaction.atomic():
        notices.put_off(notice, failure, over=uncertain)
        live.announce("alarm", notice.episode_id)


# --- what is said


def headline(episode: AlarmEpisode) -> str:
    """One sentence: what, how many, since when, against what."""
    n, usual = round(episode.count), episode.expected
    words = "1 voice" if n == 1 else f"{n} voices"
    began = episode.began.astimezone(UTC)
    return (
        f"{episode.name}: {words} since {began.day} {began:%B %H:%M} UTC, where {usual:.0f} "
        f"{'is' if round(usual) == 1 else 'are'} usual"
    )


def address(episode: AlarmEpisode) -> str:
    return f"{settings.URL}/alarms/{episode.pk}/"


def letter(episode: AlarmEpisode) -> str:
    """The text of the mail and of the chat message."""
    found = episode.evidence
    lines = [headline(episode) + "."]
    if words := [w["word"] for w in found.get("words", ())[:6]]:
        lines.append(f"More often than before: {', '.join(words)}.")
    if parts := [f"{p['value']} {p['n']}" for p in found.get("channels", ())[:4]]:
        lines.append(f"People by channel: {', '.join(parts)}.")
    lines += [cause["text"] for cause in found.get("causes", ())[:4]]
    rule = f"“{episode.rule.name}”" if episode.rule else "a rule"
    lines += ["", address(episode), "", f"Raised by {rule}. Say there whether it was right: the promise is kept by it."]
    return "\n".join(lines)


def send_mail(notice: AlarmNotice) -> None:
    episode = notice.episode
    notices.send_mail(key_of(notice), Author(notice.target), f"Alarm: {headline(episode)}", letter(episode))


def send_hook(notice: AlarmNotice) -> None:
    episode = notice.episode
    secret = str(episode.rule.secrets.get("webhook", "")) if episode.rule else ""
    body = json.dumps(payload(episode), ensure_ascii=False).encode()
    post(notice.target, body, secret=secret, key=key_of(notice))


def key_of(notice: AlarmNotice) -> str:
    """What tells the same notice sent twice from two notices."""
    return f"alarm-{notice.episode_id}-{notice.pk}"


def payload(episode: AlarmEpisode) -> dict[str, Any]:
    """What a webhook gets: the same names as the API's alarms, with `text` for chats."""
    return {
        "type": "alarm",
        "id": episode.pk,
        "rule": episode.rule.name if episode.rule else None,
        "series": episode.name,
        "began": episode.began.isoformat(),
        "raised_at": episode.raised_at.isoformat(),
        "count": episode.count,
        "expected": round(episode.expected, 2),
        "url": address(episode),
        "text": letter(episode),
    }
