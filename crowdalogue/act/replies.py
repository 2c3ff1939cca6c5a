"""Answers on their way out: written once, sent once, and never silently lost.

A reply is `queued`, then claimed as `sending` before anything leaves, then `sent`, `failed` or `uncertain`.
One that was cut off while sending may or may not have arrived: it becomes `uncertain`, is shown, and is sent
again only by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.timezone import now

from crowdalogue import live
from crowdalogue.act import notices, promises
from crowdalogue.channels.base import UNTIL, Attachment, Author, Outgoing, Sent
from crowdalogue.errors import Failure, SendError
from crowdalogue.models import Conversation, Draft, Message, Reply, ThreadRef, User

CUT_OFF = timedelta(minutes=3)  # a claim older than this belongs to a worker that died: sending takes at most 60 s
PENDING = "reply:"
SAID = ("message", "overheard")  # what can be answered


def write(
    user: User, conversation: Conversation, text: str, *, key: str, external_id: str, delay: float, mode: str = ""
) -> tuple[Reply, bool]:
    """Make the message and its reply row, queued. The same key again gives the same row: (reply, repeated)."""
    try:
        with transaction.atomic():
            at = now()
            message = Message.objects.create(
                account_id=conversation.account_id,
                external_id=external_id or PENDING + key,
                conversation=conversation,
                direction=Message.Direction.OUT,
                channel=conversation.kind,
                user=user,
                parent=newest_id_of(conversation),
                sent_at=at,
                received_at=at,
                read_at=at,
                subject=conversation.subject,
                text=text,
                public=mode == "public",
            )
            reply = Reply.objects.create(
                key=key,
                conversation=conversation,
                message=message,
                account_id=conversation.account_id,
                user=user,
                mode=mode,
                not_before=at + timedelta(seconds=delay),
            )
            Draft.objects.filter(conversation=conversation, user=user, note=False).delete()
            Conversation.objects.filter(pk=conversation.pk).update(handled_at=at, unread=False)
            promises.follow([conversation.pk])
            live.announce("conversation", conversation.pk)
            return reply, False
    except IntegrityError:
        return Reply.objects.get(key=key), True


def note(user: User, conversation: Conversation, text: str, *, key: str) -> Message:
    """An internal note: only colleagues see it. The same key again gives the same note."""
    external_id = f"note:{key}"
    try:
        with transaction.atomic():
            at = now()
            message = Message.objects.create(
                account_id=conversation.account_id,
                external_id=external_id,
                conversation=conversation,
                direction=Message.Direction.NOTE,
                kind="note",
                channel=conversation.kind,
                user=user,
                sent_at=at,
                received_at=at,
                read_at=at,
                text=text,
            )
            Draft.objects.filter(conversation=conversation, user=user, note=True).delete()
            live.announce("conversation", conversation.pk)
            return message
    except IntegrityError:
        return Message.objects.get(account_id=conversation.account_id, external_id=external_id)


def newest_id_of(conversation: Conversation) -> str:
    rows = Message.objects.filter(conversation=conversation, kind__in=SAID).order_by("-sent_at", "-id")
    return rows.values_list("external_id", flat=True).first() or ""


def recall(user: User, reply: Reply) -> bool:
    """Undo send, while it is still queued. The text goes back to the writer's draft."""
    with transaction.atomic():
        waiting = Reply.objects.filter(pk=reply.pk, state=Reply.State.QUEUED, attempts=0)
        if not waiting.update(state=Reply.State.RECALLED):
            return False
        message = reply.message
        Draft.objects.update_or_create(
            conversation_id=reply.conversation_id,
            user=user,
            defaults={"text": message.text, "note": False, "at": now()},
        )
        message.delete()  # and the reply with it: nobody ever saw it
        promises.follow([reply.conversation_id])
        live.announce("conversation", reply.conversation_id)
    return True


def send_again(user: User, reply: Reply) -> Reply:
    """A person decides to send a failed or uncertain reply once more."""
    with transaction.atomic():
        stuck = Reply.objects.filter(pk=reply.pk, state__in=(Reply.State.FAILED, Reply.State.UNCERTAIN))
        if stuck.update(state=Reply.State.QUEUED, not_before=now(), reason="", attempts=0, user=user, created_at=now()):
            promises.follow([reply.conversation_id])
            live.announce("reply", reply.pk)
            live.announce("conversation", reply.conversation_id)
    reply.refresh_from_db()
    return reply


def claim(limit: int, at: datetime) -> list[Reply]:
    """Replies to be sent now, each claimed by a conditional update; durable before anything leaves."""
    due = list(
        Reply.objects.filter(state=Reply.State.QUEUED, not_before__lte=at)
        .order_by("not_before")
        .values_list("id", flat=True)[:limit]
    )
    mine = [
        pk
        for pk in due
        if Reply.objects.filter(pk=pk, state=Reply.State.QUEUED).update(
            state=Reply.State.SENDING, claimed_at=at, attempts=F("attempts") + 1
        )
    ]
    return list(
        Reply.objects.filter(pk__in=mine)
        .select_related("message", "conversation__handle", "conversation__account", "user", "account")
        .order_by("id")
    )


def outgoing(reply: Reply, ids: Sequence[str], files: Sequence[Attachment]) -> Outgoing:
    """What the channel is handed. `ids` are external ids of the conversation, newest first."""
    conversation = reply.conversation
    handle = conversation.handle
    if handle is None:
        raise SendError("Nobody is known to answer in this conversation.", permanent=True)
    heard = newest_from_customer(conversation)
    about = heard.extra if heard else {}
    asked = about.get("reply_to", "")  # where a mail asks answers to be sent
    if heard and heard.account_id != reply.account_id:  # it came by mail to another account, which knows it otherwise
        about, asked = {"answer_to": asked or (heard.handle.address if heard.handle else "")}, ""
    return Outgoing(
        key=reply.key,
        to=Author(asked if asked and isinstance(asked, str) else handle.address, handle.name, facts=handle.facts),
        text=reply.message.text,
        subject=conversation.subject,
        sender_name=str(reply.user) if reply.user else "",
        parents=tuple(ids),
        thread=conversation.key,
        attachments=tuple(files),
        mode=reply.mode,
        answers=heard.external_id if heard else "",
        about=about,
        heard_at=heard.sent_at if heard else None,
    )


def newest_from_customer(conversation: Conversation) -> Message | None:
    """What an answer answers: the customer's newest message that still stands where it was said."""
    theirs = Message.objects.filter(conversation=conversation, direction=Message.Direction.IN, kind__in=SAID)
    return theirs.filter(deleted_at__isnull=True).order_by("-sent_at", "-id").first() or theirs.order_by("-id").first()


def parents_of(reply: Reply, limit: int = 20) -> list[str]:
    rows = (
        Message.objects.filter(conversation_id=reply.conversation_id, kind__in=SAID)
        .exclude(pk=reply.message_id)
        .exclude(external_id__startswith=PENDING)
        .exclude(direction=Message.Direction.NOTE)
        .order_by("-sent_at", "-id")
    )
    return list(rows.values_list("external_id", flat=True)[:limit])


def mark_sent(reply: Reply, sent: Sent) -> None:
    with transaction.atomic():
        Reply.objects.filter(pk=reply.pk).update(
            state=Reply.State.SENT, sent_at=now(), provider_id=sent.provider_id[:300], reason="", claimed_at=None
        )
        if sent.external_id and sent.external_id != reply.message.external_id:
            take_name(reply.message, sent.external_id[:300])
        live.announce("reply", reply.pk)
        live.announce("conversation", reply.conversation_id)


def take_name(message: Message, external_id: str) -> None:
    """The provider has named our message. If its echo was filed first, the echo goes: it is the same message."""
    echo = Message.objects.filter(account_id=message.account_id, external_id=external_id).first()
    if echo is not None:
        echo.delete()
    Message.objects.filter(pk=message.pk).update(external_id=external_id)
    if echo is not None:
        promises.follow({echo.conversation_id, message.conversation_id})


def mark_problem(reply: Reply, failure: Failure) -> None:
    """Keep the reason where the agent looks, and decide whether it is tried again."""
    state = Reply.State.QUEUED
    if isinstance(failure, SendError) and failure.uncertain:
        state = Reply.State.UNCERTAIN
    elif notices.given_up(reply.created_at, failure):
        state = Reply.State.FAILED
    with transaction.atomic():
        Reply.objects.filter(pk=reply.pk).update(
            state=state,
            reason=failure.text[: notices.LONGEST_REASON],
            not_before=notices.next_try(reply.attempts),
            claimed_at=None,
        )
        promises.follow([reply.conversation_id])
        live.announce("reply", reply.pk)
        live.announce("conversation", reply.conversation_id)


def mark_cut_off(at: datetime, older: timedelta = CUT_OFF) -> int:
    """Replies whose worker died while sending: whether they left cannot be known from here."""
    rows = list(Reply.objects.filter(state=Reply.State.SENDING, claimed_at__lt=at - older)[:200])
    for reply in rows:
        mark_problem(
            reply,
            SendError(
                "Sending was cut off, so it may or may not have arrived. "
                "Look in the mailbox, then send again if needed.",
                uncertain=True,
            ),
        )
    return len(rows)


def take_watermark(account_id: int, thread: str, state: str, at: datetime) -> bool:
    """Everything that was sent in a conversation (by its name, such as a chat's) until `at` was delivered or read."""
    if state not in ("delivered", "read"):
        return False
    talks = ThreadRef.objects.filter(account_id=account_id, ref=thread).values("conversation_id")
    sent = Reply.objects.filter(conversation_id__in=talks, state=Reply.State.SENT, sent_at__lte=at)
    with transaction.atomic():
        news = sent.filter(**{f"{state}_at__isnull": True}).order_by("id")
        told = list(news.values_list("pk", "conversation_id")[:500])
        mine = Reply.objects.filter(pk__in=[pk for pk, _ in told])
        mine.filter(delivered_at__isnull=True).update(delivered_at=at)
        if state == "read":
            mine.update(read_at=at)
        live.announce("reply", *(pk for pk, _ in told))
        live.announce("conversation", *sorted({conversation for _, conversation in told}))
    return bool(told)


def take_receipt(
    account_id: int, target: str, state: str, reason: str, at: datetime | None = None, *, name: str = ""
) -> bool:
    """News about something we sent, by the id it has there or by our own key; `name` is its id where we knew none.

    A failure puts the customer back among those who wait. That it left or arrived settles a reply that was in doubt.
    """
    named = Q(message__external_id=target) | Q(provider_id=target) | Q(key=target[:64])
    if target.startswith(UNTIL):
        return take_watermark(account_id, target.removeprefix(UNTIL), state, at or now())
    reply = Reply.objects.filter(named, account_id=account_id).order_by("id").first()
    if reply is None and "@" in target:  # a mailbox hears of a mail that a form or a chat sent
        mailed = Reply.objects.filter(key=target.partition("@")[0][:64])
        reply = mailed.filter(Q(message__external_id=target) | Q(provider_id=target)).first()
    if reply is None:
        return False
    mine = Reply.objects.filter(pk=reply.pk)
    with transaction.atomic():
        if state == "failed":
            mine.update(state=Reply.State.FAILED, reason=reason[:2000] or "The other side did not take it.")
        else:
            mine.filter(state=Reply.State.UNCERTAIN).update(state=Reply.State.SENT, sent_at=at or now(), reason="")
            if name and reply.message.external_id.startswith(PENDING):
                take_name(reply.message, name[:300])
            if state != "sent":
                mine.filter(delivered_at__isnull=True).update(delivered_at=at or now())
            if state == "read":
                mine.filter(read_at__isnull=True).update(read_at=at or now())
        promises.follow([reply.conversation_id])
        live.announce("reply", reply.pk)
        live.announce("conversation", reply.conversation_id)
    return True
