"""What the newest message of a conversation is about: its topic beside it, and moving it to another one."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from crowdalogue.analyze import refit, topic_deeds
from crowdalogue.errors import Failure
from crowdalogue.models import Embedding, Message, Topic, TopicMessage
from crowdalogue.relate import topics
from crowdalogue.web.frame import may, needs, person
from crowdalogue.web.preferences import safe_next
from crowdalogue.web.settings import record
from crowdalogue.web.topic import chosen

NEAREST = 6  # topics that are offered; any other is named


def shown(request: HttpRequest, message: Message) -> dict[str, Any]:
    """The message's topic with who placed it there, and the topics that lie nearest to it. Three queries."""
    row = TopicMessage.objects.filter(message=message).select_related("topic", "user").first()
    choices = nearest(message, besides=row.topic_id if row else 0) if may(request, "explore") else []
    return {"row": row, "choices": choices}


def nearest(message: Message, besides: int) -> list[Topic]:
    """Topics by how near their middles are to the message; the largest where it has no vector."""
    there = Topic.objects.exclude(state=Topic.State.RETIRED).exclude(pk=besides).filter(merged_into__isnull=True)
    there = there.order_by("-messages_count", "pk").only("pk", "name", "own_name", "centroid")
    kept = Embedding.objects.filter(pk=message.pk).values_list("vector", flat=True).first()
    if kept is None:
        return list(there[:NEAREST])
    mine = refit.vector_of(kept)
    rows = [row for row in there[: topics.MOST] if len(row.centroid) == 2 * len(mine)]
    if not rows:
        return []
    alike = np.stack([refit.vector_of(row.centroid) for row in rows]) @ mine
    return [rows[i] for i in np.argsort(-alike, kind="stable")[:NEAREST].tolist()]


@require_POST
@needs("explore")
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """/inbox/message/<id>/topic/: a person says what the message is about (`to`, a topic by number or name, in the
    form or, for an undo, in the address). Every fit keeps it."""
    user = person(request)
    message = get_object_or_404(Message.objects.seen_by(user), pk=pk)
    back = safe_next(request, reverse("conversation", args=[message.conversation_id]))
    try:
        to = chosen(request, "to")
        was = topic_deeds.move(user, message, to)
    except Failure as failure:
        messages.error(request, failure.text)
        return redirect(back)
    record(request, "changed_topic", f"{to}: move", topic=to.pk)
    undo = reverse("message_topic", args=[pk]) + f"?to={was.pk}" if was is not None and was != to else ""
    messages.success(request, f"The message is about {to} now. Every fit keeps it there.", extra_tags=undo)
    return redirect(back)
