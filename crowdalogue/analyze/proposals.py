# ruff: noqa: E501, SIM905  (lists as plain rows of words)
"""Names that customers use for products and that stand in no catalogue: found in messages, for a person to adopt.

A name is written with capitals in the middle of a sentence, or as a hashtag, and stands where products stand: behind
"my", "your new", "ordered the", or before a word that the catalogue's products end in ("... Kettle"). It counts when
several people use it. German writes every noun with a capital, so there only names of two words and more count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from crowdalogue.analyze.known import known
from crowdalogue.analyze.steps.catalogue import Catalogue, key
from crowdalogue.analyze.steps.place import world
from crowdalogue.models import Brand, CatalogueEntry, Message, NameProposal, User

READ = 5_000  # messages, the newest
DAYS = 60
FEWEST_AUTHORS = 3
MOST = 40  # proposals of one look
EXAMPLES = 5
LONGEST = 4  # words
CHARACTERS = 1_000  # of one message

_WORD = re.compile(r"#?[^\W_]+(?:[-'’][^\W_]+)*")
_STOP = ".!?…:;\n•|"
# What stands before the name of a product.
_CUES = frozenset(
    (
        "my your the our new a an this that these those his her their old second another ordered bought got love loved use used "
        "using want wanted need returned tried mein meine meinen dein euer eure eurer ihr ihre ihren der die das den dem ein eine "
        "einen neue neuen neuer mon ma votre vos le la les un une nouveau nouvelle mi mis tu su el los nuevo nueva il lo mio mia "
        "vostro nuovo meu minha seu o mijn jullie de het nieuwe min mitt er nya"
    ).split()
)
# Written with a capital and no name.
_COMMON = frozenset(
    (
        "i i'm i've i'd ok okay hi hello hey dear thanks thank please monday tuesday wednesday thursday friday saturday sunday "
        "january february march april may june july august september october november december christmas easter black english "
        "german french spanish italian dutch swedish american british twitter facebook instagram whatsapp google apple amazon "
        "paypal visa mastercard iphone android tv usa uk eu ceo faq pdf usb app dm rt lol omg wtf asap sie ihnen ihr montag "
        "dienstag mittwoch donnerstag freitag samstag sonntag order number customer service team support"
    ).split()
)


@dataclass(slots=True)
class Proposed:
    """A name with how many messages and people use it; `examples` are ids of messages."""

    name: str
    key: str
    count: int = 0
    authors: set[int] = field(default_factory=set)
    examples: list[int] = field(default_factory=list)


Said = tuple[int, int, str, str]  # message, author, language, text


def propose(said: Iterable[Said], catalogue: Catalogue, without: Iterable[str] = ()) -> list[Proposed]:
    """Names in these messages that no entry has, the most used first; `without` are names that are something else."""
    things = {words[-1] for e in catalogue.entries if len(words := [key(w) for w in e.name.split()]) > 1}
    ignored = {key(word) for name in without for word in name.split()}
    found: dict[str, Proposed] = {}
    for message, author, language, text in said:
        for name in set(_names(text[:CHARACTERS], language, things)):
            one = found.setdefault(key_of(name), Proposed(name, key_of(name)))
            one.count += 1
            one.authors.add(author)
            if len(one.examples) < EXAMPLES:
                one.examples.append(message)
    often = [p for p in found.values() if len(p.authors) >= FEWEST_AUTHORS]
    new = [p for p in often if p.name not in catalogue and not _is_known(p.name, catalogue, ignored)]
    whole = [p for p in new if not _is_part(p, new)]
    return sorted(whole, key=lambda p: (-len(p.authors), p.name))[:MOST]


def key_of(name: str) -> str:
    """A name in one form for all its cases and plurals, and with or without blanks."""
    return "".join(key(word) for word in re.findall(r"[^\W_]+", name))[:120]


def _is_known(name: str, catalogue: Catalogue, ignored: set[str]) -> bool:
    """Whether the name is a slip or made of parts of what is known, or a place."""
    words = name.split()
    if all(catalogue.knows(word) or key(word) in ignored for word in words):
        return True
    if any(m.end - m.start == len(words) for m in catalogue.find(words)):
        return True
    return any(m.end - m.start == len(words) for m in world().names.find(words))


def _is_part(one: Proposed, others: list[Proposed]) -> bool:
    """Whether most of its uses are within a longer name."""
    return any(
        len(other.name) > len(one.name)
        and f" {one.name} " in f" {other.name} "
        and 2 * len(other.authors) >= len(one.authors)
        for other in others
    )


def _names(text: str, language: str, things: set[str]) -> Iterable[str]:
    if text.isupper():
        return
    words = list(_WORD.finditer(text))
    for i, match in enumerate(words):
        raw = match[0]
        if raw.startswith("#"):
            if len(raw) > 4 and raw[1].isupper() and not raw[1:].isupper():
                yield _parted(raw[1:])
            continue
        if not raw[0].isupper() or not i or _begins(text, words, i) or raw.lower() in _COMMON:
            continue
        if words[i - 1][0][0].isupper() and not _begins(text, words, i - 1) and words[i - 1][0].lower() not in _COMMON:
            continue  # the name began before
        end = _end(text, words, i)
        size = end - i
        name = " ".join(w[0] for w in words[i:end])
        cued = words[i - 1][0].lower() in _CUES or key(words[end - 1][0]) in things
        if cued and 2 < len(name) <= 60 and (size > 1 or language != "de"):
            yield name


def _end(text: str, words: list[re.Match[str]], start: int) -> int:
    """Where a run of capitalised words and model numbers ends."""
    end = start + 1
    while end < len(words) and end - start < LONGEST:
        raw, gap = words[end][0], text[words[end - 1].end() : words[end].start()]
        if (
            gap != " "
            or not (raw[0].isupper() or raw.isdigit())
            or raw.lower() in _COMMON
            or (raw.isdigit() and len(raw) > 4)
        ):
            break
        end += 1
    return end


def _begins(text: str, words: list[re.Match[str]], i: int) -> bool:
    """Whether a sentence begins at this word, where a capital says nothing."""
    if not i:
        return True
    gap = text[words[i - 1].end() : words[i].start()]
    return any(mark in _STOP or mark in '"“(' for mark in gap) or words[i - 1][0].startswith("#")


def _parted(tag: str) -> str:
    """TarnKettle as Tarn Kettle."""
    return re.sub(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])", " ", tag)


# --- rows


def look(now: datetime) -> int:
    """Look through the newest messages and keep what is proposed. Returns how many proposals are new.

    What somebody adopted or dismissed stays so; proposals nobody uses any more are left with their old figures.
    """
    rows = (
        Message.objects.filter(direction=Message.Direction.IN, received_at__gte=now - timedelta(days=DAYS))
        .exclude(text="")
        .annotate(language=F("reading__language"))
        .order_by("-id")
        .values_list("id", "handle_id", "language", "text")[:READ]
    )
    said = [(pk, handle or -pk, language or "", text) for pk, handle, language, text in rows.iterator(chunk_size=1_000)]
    brands = list(Brand.objects.values_list("name", flat=True)[:1_000])
    found = propose(said, known().get("catalogue") or Catalogue(()), brands)
    there = set(NameProposal.objects.filter(key__in=[p.key for p in found]).values_list("key", flat=True))
    with transaction.atomic():
        for one in found:
            figures = {"count": one.count, "authors": len(one.authors), "examples": one.examples, "seen_at": now}
            NameProposal.objects.update_or_create(
                key=one.key, defaults=figures, create_defaults={**figures, "name": one.name, "found_at": now}
            )
    return sum(one.key not in there for one in found)


def adopt(user: User | None, proposal: NameProposal, name: str, now: datetime) -> CatalogueEntry:
    """A person says that it is a product, by this name; the name it was found by becomes a synonym if it differs."""
    others = [] if key_of(name) == proposal.key else [proposal.name]
    with transaction.atomic():
        entry, _ = CatalogueEntry.objects.get_or_create(
            kind=CatalogueEntry.Kind.PRODUCT,
            name=name,
            defaults={"source": CatalogueEntry.Source.PROPOSAL, "synonyms": others, "changed_at": now},
        )
        if others and others[0] not in entry.synonyms:
            entry.synonyms, entry.changed_at = [*entry.synonyms, *others], now
            entry.save()
        _settle(user, proposal, NameProposal.State.ADOPTED)
    return entry


def dismiss(user: User | None, proposal: NameProposal) -> None:
    """A person says that it is no product; it is not proposed again."""
    _settle(user, proposal, NameProposal.State.DISMISSED)


def _settle(user: User | None, proposal: NameProposal, state: str) -> None:
    proposal.state, proposal.user = state, user
    proposal.save(update_fields=["state", "user"])
