"""The way of a message, from a knock at the door to a reply: the only room that knows the order.

    receive   verify, keep the raw delivery (durable), then parse and file
    process   claim what is not yet read, read it, decide
    answer    an agent's words become a queued reply
    deliver   claim, send, keep what the provider said

Everything is at-least-once and safe to repeat; whatever makes it safe is a unique constraint.
"""

from crowdalogue.flow.alarms import replay_alarm_trials, try_alarm_rule, watch_alarms
from crowdalogue.flow.categories import tend_categories
from crowdalogue.flow.inwards import (
    ATTEMPTS,
    add,
    channel_of,
    connect,
    enter,
    file,
    file_once,
    file_parsed,
    genuine,
    knock,
    lost_a_race,
    note_failed,
    outcome,
    parse,
    pick_up,
    poll,
    receive,
    replay,
    rush,
    sign,
    try_out,
    understand,
)
from crowdalogue.flow.meaning import (
    WRITTEN_AT_ONCE,
    correct,
    find_asked_topics,
    find_topics,
    judge,
    mend_meanings,
    process,
    propose_names,
    release,
)
from crowdalogue.flow.outwards import (
    answer,
    carry_out,
    check_answer,
    clean_key,
    deliver,
    do,
    fetch_files,
    note,
    recall,
    resend,
    send,
)
from crowdalogue.flow.overhearing import overhear, watch
from crowdalogue.flow.people import recognise
from crowdalogue.flow.questions import answer_question, ask, questions_alike
from crowdalogue.flow.weekly import compose_week, newest_week, tend_weekly

__all__ = [
    "ATTEMPTS",
    "WRITTEN_AT_ONCE",
    "add",
    "answer",
    "answer_question",
    "ask",
    "carry_out",
    "channel_of",
    "check_answer",
    "clean_key",
    "compose_week",
    "connect",
    "correct",
    "deliver",
    "do",
    "enter",
    "fetch_files",
    "file",
    "file_once",
    "file_parsed",
    "find_asked_topics",
    "find_topics",
    "genuine",
    "judge",
    "knock",
    "lost_a_race",
    "mend_meanings",
    "newest_week",
    "note",
    "note_failed",
    "outcome",
    "overhear",
    "parse",
    "pick_up",
    "poll",
    "process",
    "propose_names",
    "questions_alike",
    "recall",
    "receive",
    "recognise",
    "release",
    "replay",
    "replay_alarm_trials",
    "resend",
    "rush",
    "send",
    "sign",
    "tend_categories",
    "tend_weekly",
    "try_alarm_rule",
    "try_out",
    "understand",
    "watch",
    "watch_alarms",
]
