"""Out: an agent's words and deeds, and files that are to be fetched."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from crowdalogue import live
from crowdalogue.act import deeds, handling, replies
from crowdalogue.channels.base import (
    Attachment,
    Channel,
)
from crowdalogue.errors import Failure, SendError
from crowdalogue.flow import trying
from crowdalogue.flow.inwards import channel_of
from crowdalogue.listen import attachments, changes, links
from crowdalogue.models import Attachment as AttachmentRow
from crowdalogue.models import (
    Conversation,
    Deed,
    Message,
    Reply,
    User,
)

log = logging.getLogger(__name__)


def answer(
    user: User,
    conversation: Conversation,
    text: str,
    *,
    key: str,
    files: Sequence[Attachment] = (),
    then: str = "",
    delay: float = 0,
    mode: str = "",
) -> Reply:
    """Queue an answer. The same key again is the same reply; raises `Failure` where the channel cannot be answered.

    `mode` is one of the channel's ways (public, direct); empty means its first.
    """
    if not text.strip():
        raise Failure("There is no text to send. Write an answer first.")
    channel = channel_of(conversation.account)
    check_answer(channel, text, files, mode)
    key = clean_key(key)
    with transaction.atomic():
        reply, repeated = replies.write(
            user, conversation, text, key=key, external_id=channel.identify(key), delay=delay, mode=mode
        )
        if repeated:
            return reply
        for part in files:
            attachments.describe(reply.message, part).save()
        if then == "close":
            handling.close(user, [conversation])
    return reply


def check_answer(channel: Channel, text: str, files: Sequence[Attachment], mode: str) -> None:
    """Raise `Failure` for what the channel cannot carry, while the agent can still change it."""
    if not channel.answerable():
        raise Failure(f"{channel.label} cannot be answered from here. Add a note, or write by another channel.")
    if mode and mode not in channel.modes:
        raise Failure(f"{channel.label} has no {mode} answers. Choose another way.")
    if files and channel.media != "both":
        raise Failure(f"{channel.label} takes no files from here. Send the answer without them, or with a link.")
    if files and channel.fetches_files:
        links.check_reachable()
    length = channel.length(text)
    if channel.longest and length > channel.longest:
        raise Failure(f"The answer is {length} long and {channel.label} takes {channel.longest}. Shorten it.")


def clean_key(key: str) -> str:
    """Keys become part of a Message-ID: letters, digits and dashes, at most 64."""
    kept = "".join(c if c.isalnum() and c.isascii() else "-" for c in key)[:64]
    if len(kept) < 8:
        raise Failure("The idempotency key must have at least 8 letters or digits.")
    return kept


def note(user: User, conversation: Conversation, text: str, *, key: str) -> Message:
    if not text.strip():
        raise Failure("The note is empty. Write it first.")
    return replies.note(user, conversation, text, key=key[:200])


def do(user: User | None, message: Message, name: str, *, why: str = "", key: str = "") -> Deed:
    """Hide, like, delete or block where it was said; the worker carries it out. Raises `Failure` where it cannot be."""
    channel = channel_of(message.account)
    if name not in channel.deeds:
        raise Failure(f"{channel.label} does not let anybody {name} from here.")
    return deeds.queue(user, message, name, why=why, key=key)


def carry_out(limit: int = 20) -> int:
    """Deeds that wait, one after the other. All are safe to repeat. Returns how many were tried."""
    waiting = deeds.due(timezone.now(), limit)
    return trying.each(waiting, carry_out_one, done=deeds.mark_done, problem=deeds.mark_problem)


def carry_out_one(deed: Deed) -> None:
    channel_of(deed.message.account).act(deed.name, deed.message.external_id, deed.message.extra)


def fetch_files(limit: int = 20) -> int:
    """Files that messages named only by address, and recordings to be put into words. Returns how many were tried."""
    wanted = attachments.claim(timezone.now(), limit)
    for row in wanted:
        try:
            fetch_file(row, channel_of(row.message.account))
        except Failure as failure:
            attachments.mark_problem(row, failure, timezone.now())
        except Exception:
            log.exception("file %s broke the fetcher of %s", row.pk, row.message.channel)
            attachments.mark_problem(row, Failure("Fetching broke off; see the log."), timezone.now())
        live.announce("conversation", row.message.conversation_id)
    return len(wanted)


def fetch_file(row: AttachmentRow, channel: Channel) -> None:
    content = attachments.load(row).content if row.digest else channel.download(row.url)
    if not row.digest:
        attachments.fill(row, content)
    if attachments.wants_words(row):
        part = Attachment(row.name, row.media_type, content)
        text = channel.transcribe(part, str(row.message.extra.get("language", "")))
        changes.put_into_words(row.message, text, channel.label, timezone.now())
    attachments.settle(row)


def recall(user: User, reply: Reply) -> bool:
    return replies.recall(user, reply)


def resend(user: User, reply: Reply) -> Reply:
    return replies.send_again(user, reply)


def deliver(limit: int = 20) -> int:
    """Send what is queued and due, at most `limit`. Returns how many were claimed.

    One at a time: a claim says that sending has begun, so a worker that dies leaves one reply in doubt, not a batch.
    """
    done = 0
    while done < limit and (claimed := replies.claim(1, timezone.now())):
        send(claimed[0])
        done += 1
    return done


def files_of(reply: Reply, channel: Channel) -> list[Attachment]:
    """The files of an answer; with an address to fetch them from where the provider wants one. Raises `Failure`."""
    rows = reply.message.attachments.all()[:50]
    if not channel.fetches_files:
        return [attachments.load(row) for row in rows]
    return [dataclasses.replace(attachments.load(row), url=links.public(row)) for row in rows]


def send(reply: Reply) -> None:
    started = time.monotonic()
    try:
        channel = channel_of(reply.account)
        sent = channel.send(replies.outgoing(reply, replies.parents_of(reply), files_of(reply, channel)))
    except Failure as failure:
        log.warning("reply %s not sent: %s", reply.pk, type(failure).__name__)
        replies.mark_problem(reply, failure)
    except Exception:
        # Nobody knows how far it came, so nobody may send it again but a person.
        log.exception("reply %s broke the sender of %s", reply.pk, reply.account.kind)
        replies.mark_problem(reply, SendError("Sending broke off for a reason of ours; see the log.", uncertain=True))
    else:
        replies.mark_sent(reply, sent)
        log.info("reply %s sent in %.1f s", reply.pk, time.monotonic() - started)
