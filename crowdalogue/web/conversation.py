"""One conversation: reading it, answering, noting, drafts, taking back, sending again, correcting a label."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from crowdalogue import flow
from crowdalogue.act import deeds, handling, inbox
from crowdalogue.analyze import pipeline
from crowdalogue.channels.base import Attachment, Channel
from crowdalogue.errors import Failure
from crowdalogue.listen import standing
from crowdalogue.models import BusinessRecord, Conversation, Draft, Message, Reply, Tag
from crowdalogue.web import about, categories, thread
from crowdalogue.web.deeds import SNOOZES
from crowdalogue.web.frame import is_partial, needs, person
from crowdalogue.web.inbox import colleagues, keep, listing, seen
from crowdalogue.web.people import badge, in_order

UNDO_S = 8  # seconds in which a sent answer can be taken back
MOST_FILES, MOST_BYTES = 10, 25 * 1024 * 1024
OTHERS = 5
RECORDS = 3
TIMELINE = 6
WAYS = {"public": "Public reply", "direct": "Direct message"}


@require_safe
@needs("read")
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """/inbox/<id>/?queue=..: three panes. With HX-Request the conversation and its context only."""
    conversation = seen(request, pk)
    shown = opened(request, conversation)
    if conversation.unread and person(request).may("answer"):
        handling.mark_read(person(request), [conversation])
    if is_partial(request):
        return render(request, "conversation_panes.html", shown)
    return render(request, "conversation.html", listing(request) | shown)


def opened(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """What the middle and right pane draw."""
    user = person(request)
    read = thread.read(conversation, request.GET.get("before", ""))
    draft = Draft.objects.filter(conversation=conversation, user=user).first()
    channel = flow.channel_of(conversation.account)
    can_reply = channel.answerable() and conversation.handle is not None
    conversation.tag_names = [t.name for t in conversation.tags.all()]  # type: ignore[attr-defined]
    return {
        "conversation": conversation,
        "thread": read,
        "draft": draft,
        "key": secrets.token_urlsafe(18),
        "channel_label": channel.label,
        "may_answer": user.may("answer"),
        "can_reply": can_reply,
        "ways": [(mode, WAYS[mode]) for mode in channel.modes] if can_reply and len(channel.modes) > 1 else [],
        "takes_files": channel.media == "both",
        "longest": channel.longest,
        "window_over": window_over(channel, read.newest),
        "there": [(name, deeds.WORDS[name]) for name in channel.deeds],
        "kept": keep(request.GET),
        "snoozes": SNOOZES,
        "colleagues": colleagues() if user.may("answer") else (),
        "tags": Tag.objects.all()[:200] if user.may("answer") else (),
        "name": name_of(conversation),
        "in_categories": categories.chips(read.newest) if read.newest else {},
        "about": about.shown(request, read.newest) if read.newest else {},
        **beside(conversation),
    }


def window_over(channel: Channel, newest: Message | None) -> str:
    """Why a free answer may be refused: the channel lets us answer for so long after the customer's message."""
    if channel.window is None or newest is None or timezone.now() - newest.sent_at <= channel.window:
        return ""
    hours = int(channel.window.total_seconds() // 3600)
    return f"{channel.label} takes free answers for {hours} hours after the customer's message, and those are over."


def name_of(conversation: Conversation) -> str:
    return str(conversation.person or conversation.handle or "Somebody unknown")


def beside(conversation: Conversation) -> dict[str, Any]:
    """The person, what else they wrote, and what the business knows of them."""
    who = conversation.person
    if who is None:
        return {"handles": [conversation.handle] if conversation.handle else [], "others": [], "records": []}
    others = who.conversations.exclude(pk=conversation.pk).order_by("-last_at", "-id")
    records = BusinessRecord.objects.filter(person=who).order_by("-at")
    return {
        "handles": list(who.handles.all()[:12]),
        "others": list(others[:OTHERS]),
        "records": list(records[:RECORDS]),
        "standings": [badge(row) for row in in_order(standing.shown(who))],
        "said": list(
            Message.objects.filter(handle__person=who, direction=Message.Direction.IN)
            .select_related("conversation")
            .order_by("-sent_at")[:TIMELINE]
        ),
    }


@require_POST
@needs("answer")
def say(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer or note. `key` was made when the form was drawn: the same form twice is one answer.

    `then` is "" (stay) or "close" (close and open the next). To script {words, undo, seconds, next}.
    """
    user, conversation = person(request), seen(request, pk)
    text, key, then = request.POST.get("text", ""), request.POST.get("key", ""), request.POST.get("then", "")
    try:
        if request.POST.get("as") == "note":
            flow.note(user, conversation, text, key=key)
            if then == "close":
                handling.close(user, [conversation])
            return said(request, conversation, "Noted. Only colleagues see it.", then=then)
        files = [take_file(f) for f in attached(request)]
        following = next_after(request, conversation) if then == "close" else None
        way = request.POST.get("as", "")
        mode = way if way in WAYS else ""
        reply = flow.answer(user, conversation, text, key=key, files=files, then=then, delay=UNDO_S, mode=mode)
    except Failure as failure:
        return not_said(request, conversation, failure)
    words = f"Sending to {name_of(conversation)}"
    return said(request, conversation, words, undo=reverse("recall", args=[reply.pk]), then=then, following=following)


def attached(request: HttpRequest) -> list[UploadedFile[bytes]]:
    files = [f for f in request.FILES.getlist("files") if isinstance(f, UploadedFile)]
    if len(files) > MOST_FILES or sum(f.size or 0 for f in files) > MOST_BYTES:
        raise Failure("The files are too many or too large to send: at most 10, and 25 MB together. Leave some out.")
    return files


def take_file(upload: UploadedFile[bytes]) -> Attachment:
    return Attachment(upload.name or "unnamed", upload.content_type or "application/octet-stream", upload.read())


def next_after(request: HttpRequest, conversation: Conversation) -> int | None:
    """The one that follows in the list the reader came from, or the top of it."""
    user = person(request)
    queue = inbox.QUEUES.get(request.GET.get("queue", "team")) or inbox.QUEUES["team"]
    filters = inbox.Filters.of(request.GET)
    place = inbox.place_of(queue, conversation)
    after = inbox.page(user, queue.name, filters, place, limit=1).rows
    after = after or [r for r in inbox.page(user, queue.name, filters, limit=2).rows if r.pk != conversation.pk]
    return after[0].pk if after else None


def said(
    request: HttpRequest,
    conversation: Conversation,
    words: str,
    *,
    undo: str = "",
    then: str = "",
    following: int | None = None,
) -> HttpResponse:
    kept = keep(request.GET)
    tail = f"?{kept}" if kept else ""
    where = reverse("conversation", args=[following or conversation.pk]) if following or not then else reverse("inbox")
    if is_partial(request):
        return JsonResponse({"words": words, "undo": undo, "seconds": UNDO_S if undo else 0, "next": where + tail})
    messages.success(request, words, extra_tags=undo)
    return redirect(where + tail)


def not_said(request: HttpRequest, conversation: Conversation, failure: Failure) -> HttpResponse:
    """What was typed is kept: it is in the form again, with the reason beside it."""
    if is_partial(request):
        return JsonResponse({"text": failure.text}, status=422)
    shown = listing(request) | opened(request, conversation)
    shown["wrong"] = failure.text
    shown["draft"] = Draft(text=request.POST.get("text", ""), note=request.POST.get("as") == "note")
    return render(request, "conversation.html", shown, status=422)


@require_POST
@needs("answer")
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is being written. A draft that comes late, after its own answer was sent, is not kept."""
    user, conversation = person(request), seen(request, pk)
    text, key = request.POST.get("text", "")[:100_000], request.POST.get("key", "")
    if key and sent_already(conversation, key):
        return HttpResponse(status=204)
    if text.strip():
        kept = {"text": text, "note": request.POST.get("as") == "note", "at": timezone.now()}
        Draft.objects.update_or_create(conversation=conversation, user=user, defaults=kept)
    else:
        Draft.objects.filter(conversation=conversation, user=user).delete()
    return HttpResponse(status=204)


def sent_already(conversation: Conversation, key: str) -> bool:
    cleaned = flow.clean_key(key)
    note_id = f"note:{key[:200]}"
    return (
        Reply.objects.filter(key=cleaned).exists()
        or Message.objects.filter(account_id=conversation.account_id, external_id=note_id).exists()
    )


def seen_reply(request: HttpRequest, pk: int) -> Reply:
    row = get_object_or_404(Reply.objects.select_related("conversation", "message"), pk=pk)
    seen(request, row.conversation_id)
    return row


@require_POST
@needs("answer")
def recall(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo send, while it is still queued."""
    reply = seen_reply(request, pk)
    done = flow.recall(person(request), reply)
    words = "Taken back. The text is in the field again." if done else "It is on its way and cannot be taken back."
    if is_partial(request):
        return JsonResponse(
            {"words": words, "done": done, "open": reverse("conversation", args=[reply.conversation_id])}
        )
    (messages.success if done else messages.error)(request, words)
    return redirect("conversation", reply.conversation_id)


@require_POST
@needs("answer")
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """A person decides: what failed or perhaps went out is sent once more."""
    reply = seen_reply(request, pk)
    flow.resend(person(request), reply)
    if is_partial(request):
        return JsonResponse({"words": "Sending again."})
    messages.success(request, "Sending again.")
    return redirect("conversation", reply.conversation_id)


@require_POST
@needs("answer")
def do_there(request: HttpRequest, pk: int) -> HttpResponse:
    """Hide, like, delete or block where it was said. The worker carries it out; the page shows how it went."""
    message = get_object_or_404(Message.objects.seen_by(person(request)).select_related("account"), pk=pk)
    name = request.POST.get("name", "")
    key = request.POST.get("key", "")
    flow.do(person(request), message, name, key=f"{key}-{name}" if key else "")
    words = f"{deeds.WORDS[name]}: under way."
    if is_partial(request):
        return JsonResponse({"words": words})
    messages.success(request, words)
    return redirect("conversation", message.conversation_id)


@require_POST
@needs("answer")
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """A person says what a message means. The label must be one the step knows."""
    message = get_object_or_404(Message.objects.seen_by(person(request)), pk=pk)
    name, label = request.POST.get("step", ""), request.POST.get("label", "").strip()
    step = next((s for s in pipeline.STEPS if s.name == name), None)
    if step is None or not label or (step.labels and label not in step.labels):
        raise Failure("This label is not one of those to choose from. Load the page again and choose one.")
    flow.correct(person(request), message, name, label)
    if is_partial(request):
        return JsonResponse({"words": "Corrected. It counts from now on."})
    messages.success(request, "Corrected. It counts from now on.")
    return redirect("conversation", message.conversation_id)
