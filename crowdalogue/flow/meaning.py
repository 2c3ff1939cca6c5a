"""What messages mean, and what follows from it."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from crowdalogue import live
from crowdalogue.act import decisions
from crowdalogue.analyze import categories_judged, findings, proposals, refit
from crowdalogue.flow import turns
from crowdalogue.listen import identity, watches
from crowdalogue.models import (
    Apart,
    Correction,
    Event,
    Message,
    Reading,
    User,
)
from crowdalogue.text import meaning

log = logging.getLogger(__name__)
A_DAY = timedelta(days=1)
NEWEST = 5_000  # embeddings that are looked at between times
WRITTEN_AT_ONCE = 16  # readings in one transaction: others wait for the store no longer than that takes


def process(limit: int = 256, *, embed: bool = True) -> int:
    """Read a batch of messages nobody has read, and decide. Returns how many were claimed."""
    messages = findings.claim(limit, timezone.now())
    if not messages:
        return 0
    documents = findings.read(messages, embed=embed)
    for start in range(0, len(messages), WRITTEN_AT_ONCE):
        part = slice(start, start + WRITTEN_AT_ONCE)
        with transaction.atomic():
            readings = findings.write(messages[part], documents[part], timezone.now())
            touched = decisions.carry_out(readings)
            watches.catch(readings)
            identity.stir(m.handle_id for m in messages[part])
            live.announce("conversation", *sorted(touched))
        vectors = [d.embedding for d in documents[part]]
        meaning.remember([m.pk for m in messages[part]], vectors)
        with transaction.atomic():
            categories_judged.judge(messages[part], [d.embedding for d in documents[part]], timezone.now())
            refit.assign(messages[part], vectors, timezone.now())
    return len(messages)


def propose_names() -> bool:
    """Names that messages have and the catalogue does not, looked for once a day."""
    if Message.objects.filter(direction=Message.Direction.IN).exists():  # the day begins with the first message
        turns.now_and_then("names", A_DAY, lambda: proposals.look(timezone.now()))
    return False


def mend_meanings() -> bool:
    """What a killed worker left out of the index of meanings comes in, and what is gone leaves it.

    All of it once a day, by the file's own mark, as each machine has a file; between times the newest only, which
    are those that a kill leaves out.
    """
    added, dropped = meaning.mend() if meaning.due(timezone.now(), A_DAY) else meaning.mend(NEWEST)
    if added or dropped:
        log.info("index of meanings: %s messages added, %s records dropped", added, dropped)
    return False  # not again before the loop has rested


def find_topics() -> bool:
    """Find the topics of the newest messages anew, once a day. Returns whether it was done now."""
    fit = refit.refit(timezone.now())
    if fit is not None:
        live.announce("topics", fit.pk)
    return fit is not None


def find_asked_topics() -> bool:
    """The same where a person asked for it: looked at every other second, as somebody waits."""
    fit = refit.refit(timezone.now(), claim=refit.asked)
    if fit is not None:
        live.announce("topics", fit.pk)
    return fit is not None


def correct(user: User, message: Message, step: str, label: str) -> Correction:
    """A person says what a message means: it counts at once, and the steps learn from it."""
    with transaction.atomic():
        reading, _ = Reading.objects.get_or_create(message=message, defaults={"version": "person"})
        was = findings.correct(reading, step, label)
        correction, _ = Correction.objects.update_or_create(
            message=message, step=step, defaults={"label": label, "was": was, "user": user, "at": timezone.now()}
        )
        Message.objects.filter(pk=message.pk).update(changed_at=timezone.now(), read_at=timezone.now())
        if step == "intent" and label != "spam":
            for wrong in message.judgements.filter(kind="spam", undone_at__isnull=True):
                decisions.release(user, wrong)
        decisions.carry_out([reading])
        Event.objects.create(
            conversation_id=message.conversation_id, user=user, deed="corrected", what=f"{step}: {was} → {label}"
        )
        live.announce("conversation", message.conversation_id)
    return correction


def judge(user: User, message: Message, kind: str) -> Apart:
    """A person keeps one message from every queue: spam, troll, bot, echo. Raises `Failure`."""
    return decisions.judge(user, message, kind)


def release(user: User, judgement: Apart) -> bool:
    """The judgement was wrong: the message waits again, and what was done there is undone there."""
    return decisions.release(user, judgement)
