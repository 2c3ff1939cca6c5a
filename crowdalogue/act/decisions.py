"""The policy's intents become rows: what was decided for newly read messages, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crowdalogue.act import handling, policy, promises
from crowdalogue.models import Conversation, Message, Reading
from crowdalogue.models.bulk import chunks, update_many


def carry_out(readings: Sequence[Reading]) -> set[int]:
    """Decide on every conversation with a newly read message. Call inside a transaction; returns their ids."""
    newest = newest_by_conversation(readings)
    touched: set[int] = set()
    apart: dict[str, list[Conversation]] = {}
    for part in chunks(newest):
        rows = list(Conversation.objects.select_for_update().filter(pk__in=part).order_by("pk"))
        answered = set(
            Message.objects.filter(conversation_id__in=part, direction=Message.Direction.OUT, kind="message")
            .values_list("conversation_id", flat=True)
            .distinct()
        )
        for row in rows:
            reading = newest[row.pk]
            row.sentiment, row.intent = reading.sentiment[:8], reading.intent[:24]
            for intent in policy.decide(policy.Read(labels_of(reading), row.pk in answered)):
                row.why = intent.why[:300]
                if intent.do == "priority":
                    row.priority = max(row.priority, intent.value)
                elif intent.do == "set_apart":
                    apart.setdefault(intent.why, []).append(row)
        update_many(Conversation, ["sentiment", "intent", "why", "priority"], rows)
        touched.update(r.pk for r in rows)
    for why, rows in apart.items():
        handling.set_apart(None, rows, why)
    promises.follow(touched, quiet=touched)
    return touched


def newest_by_conversation(readings: Iterable[Reading]) -> dict[int, Reading]:
    newest: dict[int, Reading] = {}
    for reading in readings:
        message = reading.message
        before = newest.get(message.conversation_id)
        if before is None or (message.sent_at, message.pk) >= (before.message.sent_at, before.message.pk):
            newest[message.conversation_id] = reading
    return newest


def labels_of(reading: Reading) -> dict[str, tuple[str, float]]:
    return {
        step: (str(found["label"]), float(found["confidence"]))
        for step, found in reading.findings.items()
        if isinstance(found, dict) and "label" in found
    }
