"""What was decided for newly read messages becomes rows, with the reason: kept apart, priority, no answer wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crowdalogue.act import apart, deeds, handling, judgement, policy, promises
from crowdalogue.act.judgement import Rules, Verdict
from crowdalogue.channels import open_channel
from crowdalogue.models import Apart, Conversation, Message, Reading, User
from crowdalogue.models.bulk import chunks, update_many


def carry_out(readings: Sequence[Reading]) -> set[int]:
    """Decide on every conversation with a newly read message. Call inside a transaction; returns their ids."""
    conversations = {r.message.conversation_id for r in readings}
    answered = answered_among(conversations)
    keep_apart(readings, answered)
    newest = newest_by_conversation(readings)
    touched: set[int] = set()
    for part in chunks(newest):
        rows = list(Conversation.objects.select_for_update().filter(pk__in=part).order_by("pk"))
        for row in rows:
            reading = newest[row.pk]
            row.sentiment, row.intent = reading.sentiment[:8], reading.intent[:24]
            if row.state == Conversation.State.APART:
                continue  # its reason is why it is apart
            for intent in policy.decide(read_of(reading, row.pk in answered)):
                row.why = intent.why[:300]
                if intent.do == "priority":
                    row.priority = max(row.priority, intent.value)
        update_many(Conversation, ["sentiment", "intent", "why", "priority"], rows)
        touched.update(r.pk for r in rows)
    promises.follow(touched, quiet=touched)
    return touched


def read_of(reading: Reading, answered: bool) -> policy.Read:
    return policy.Read(apart.labels_of(reading), answered, silent=not reading.message.text.strip())


def answered_among(conversations: Iterable[int]) -> set[int]:
    found: set[int] = set()
    for part in chunks(conversations):
        out = Message.objects.filter(conversation_id__in=part, direction=Message.Direction.OUT, kind="message")
        found.update(out.values_list("conversation_id", flat=True).distinct())
    return found


def keep_apart(readings: Sequence[Reading], answered: set[int]) -> None:
    """Judge newly read messages; a conversation goes apart when nothing of it is left to be answered."""
    rules = apart.rules()
    seen = apart.gather(readings, answered)
    judged = {pk: verdict for pk, known in seen.items() if (verdict := judgement.judge(known, rules))}
    if not judged:
        return
    settle(judged, apart.keep(judged))
    for reading in readings:
        if reading.message_id in judged:
            act_there(reading.message, judged[reading.message_id], rules)


def settle(verdicts: Mapping[int, Verdict], conversations: Sequence[int], user: User | None = None) -> None:
    """Move conversations of which nothing is left out of the queues."""
    whole = apart.all_apart(conversations)
    messages = Message.objects.filter(pk__in=list(verdicts)).values_list("conversation_id", "pk")
    whys = {conversation: verdicts[pk].why for conversation, pk in messages}
    for why in sorted(set(whys.values())):
        rows = Conversation.objects.filter(pk__in=[c for c in whole if whys.get(c) == why]).exclude(state="apart")
        if rows:
            handling.set_apart(user, list(rows), why)
    promises.follow(conversations, quiet=conversations)


def act_there(message: Message, verdict: Verdict, rules: Rules) -> None:
    """Hide or block where it was said, if the policy says so and the channel lets us. Each once, and recorded."""
    able = open_channel(message.channel).deeds
    author = message.handle_id or 0
    judged = Apart.objects.filter(message__handle_id=author, undone_at__isnull=True).count()
    for name in judgement.outward(verdict, rules, message.public, judged):
        if name in able:
            deeds.queue(None, message, name, why=f"By policy: {verdict.why}", key=f"policy-{name}-{message.pk}")


def judge(user: User, message: Message, kind: str) -> Apart:
    """A person keeps one message apart; the conversation follows when nothing else of it waits."""
    row = apart.judge_by_hand(user, message, kind)
    settle({message.pk: Verdict(row.kind, row.why)}, [message.conversation_id], user)
    return row


def release(user: User, row: Apart) -> bool:
    """Undo a judgement: the message waits again, the conversation comes back, what was done there is undone there."""
    if not apart.take_back(user, row):
        return False
    conversation = row.message.conversation
    if conversation.state == Conversation.State.APART:
        handling.reopen(user, [conversation], whole=False)
    promises.follow([conversation.pk])
    for deed in row.message.deeds.filter(user__isnull=True, name__in=deeds.UNDONE_BY).exclude(state="failed"):
        back = deeds.UNDONE_BY[deed.name]
        if back in open_channel(row.message.channel).deeds:
            deeds.queue(user, row.message, back, why="Judged wrongly", key=f"{back}-{deed.pk}-{row.pk}")
    return True


def newest_by_conversation(readings: Iterable[Reading]) -> dict[int, Reading]:
    newest: dict[int, Reading] = {}
    for reading in readings:
        message = reading.message
        before = newest.get(message.conversation_id)
        if before is None or (message.sent_at, message.pk) >= (before.message.sent_at, before.message.pk):
            newest[message.conversation_id] = reading
    return newest
