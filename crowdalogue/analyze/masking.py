"""Messages for those who need not know who wrote them: what is personal is hidden, and each author has a number.

Hidden are what `steps/personal_data.py` finds, and the names and addresses that are known of the customer, in their
own messages and in our answers. Names of others are not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from crowdalogue.analyze import naming
from crowdalogue.analyze.steps import personal_data
from crowdalogue.models import Handle, Message

# What a caller selects with its messages, so that nothing is fetched one by one.
RELATED = ("handle__person", "conversation__handle__person")
SIGN = "•"
SHORTEST = 3  # letters of a name that is looked for
_WORD = re.compile(r"[^\W\d_]+")
_GREETINGS = ("Hi", "Hello", "Hey", "Dear", "Hallo", "Hej", "Hola", "Bonjour", "Ciao", "Regards,", "Thanks,")
_BEFORE_NAMES = "|".join(["^", "(?<=[–—-])", "(?<=[–—-] )", *(f"(?<={word} )" for word in _GREETINGS)])


def text_of(message: Message, text: str | None = None) -> str:
    """The message's text (or another of its texts, as its subject) with what is personal hidden; as long as it was."""
    handles = {handle for handle in (message.handle, message.conversation.handle) if is_customer(handle)}
    return hide(message.text if text is None else text, (h for h in handles if h is not None))


def author_of(message: Message) -> str:
    """A customer as a number that is theirs in every file; our own people and accounts by their names."""
    handle = message.handle
    if handle is not None and is_customer(handle) and message.direction == Message.Direction.IN:
        return f"person {handle.person_id}" if handle.person_id else f"author {handle.pk}"
    return str(message.user or handle or "")


def exported(message: Message, row: dict[str, Any]) -> dict[str, Any]:
    """A row of `listen.exports` with what is personal hidden. What may lead to the author is left out: addresses,
    links, what the source said besides; ids are our own."""
    hidden = {"subject": text_of(message, message.subject), "text": text_of(message), "author": author_of(message)}
    numbers = {"id": f"message {message.pk}", "conversation": f"conversation {message.conversation_id}"}
    return {**row, **hidden, **numbers, "author_name": "", "parent": "", "url": "", "extra": "{}"}


def is_customer(handle: Handle | None) -> bool:
    return handle is not None and not handle.ours and handle.brand_id is None


def hide(text: str, handles: Iterable[Handle]) -> str:
    """Hide what is personal in the text, and what these are called. Its length stays."""
    text = personal_data.masked(text, SIGN)
    for handle in handles:
        text = hidden_address(text, handle.address)
        for name in {handle.name, handle.person.name if handle.person else ""}:
            text = hidden_name(text, name)
    return text


def hidden_address(text: str, address: str) -> str:
    """An address or a name of an account; one of letters alone only behind an @, as it may be a word."""
    if len(address) < SHORTEST or address.casefold() not in text.casefold():
        return text
    before = r"(?<=@)" if address.isalpha() else r"(?<!\w)"
    return re.sub(rf"(?i){before}{re.escape(address)}(?!\w)", dotted, text)


def hidden_name(text: str, name: str) -> str:
    """The whole name in any case, and its parts as names are written."""
    for pattern in patterns_of(name.strip()):
        text = pattern.sub(dotted, text)
    return text


@lru_cache(maxsize=4096)
def patterns_of(name: str) -> tuple[re.Pattern[str], ...]:
    """What a name is looked for by. Parts that are words of everyday speech too (Will, Una) count only where a name
    stands: behind a greeting or a dash, alone on a line, or last."""
    words = _WORD.findall(name)
    parts = [w for w in dict.fromkeys(words) if len(w) >= SHORTEST and w[0].isupper()]
    names = "|".join(re.escape(w) for w in parts if naming.phrases(w))
    everyday = "|".join(re.escape(w) for w in parts if not naming.phrases(w))
    found = [rf"(?i)(?<!\w){re.escape(name)}(?!\w)"] if len(words) > 1 else []
    found += [rf"(?<!\w)(?:{names})(?!\w)"] if names else []
    found += [rf"(?m)(?:{_BEFORE_NAMES})(?:{everyday})(?=\s*(?:$|[,.!]))"] if everyday else []
    found += [rf"(?<!\w)(?:{everyday})(?=\W*\Z)"] if everyday else []
    return tuple(re.compile(one) for one in found)


def dotted(match: re.Match[str]) -> str:
    return "".join(SIGN if c.isalnum() else c for c in match[0])
