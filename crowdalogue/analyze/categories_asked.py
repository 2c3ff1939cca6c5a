"""What a category would catch, and which message a person had best label next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core import signing
from numpy.typing import NDArray

from crowdalogue.analyze import categories, categories_measured, categories_taught
from crowdalogue.analyze.categories import Head, Lesson
from crowdalogue.analyze.categories_measured import Measured
from crowdalogue.analyze.categories_taught import Added, Pool
from crowdalogue.errors import Failure
from crowdalogue.models import Category, CategoryExample, CategoryVersion, Message

SALT = "crowdalogue.categories.draw"
SHOWN = 40  # messages of a preview
TRIES = 50


@dataclass(frozen=True, slots=True)
class Caught:
    """A message and how sure it is that it is in the category."""

    message: Message
    sure: float


@dataclass(frozen=True, slots=True)
class Preview:
    """What a head would say of the newest messages: how many of `looked_at` it takes, is unsure of, and the messages:
    the surest, those just above the threshold, and those just below."""

    looked_at: int
    caught: int
    unsure: int
    surest: list[Caught]
    just: list[Caught]
    missed: list[Caught]


@dataclass(frozen=True, slots=True)
class Trial:
    """A head that is not kept, what it can be tried on, what became of the texts, how many more there are, and how
    its examples fare by fits that did not see them."""

    head: Head
    among: Pool
    added: Added
    beyond: int
    measured: Measured


def preview(head: Head, among: Pool, user: Any, shown: int = SHOWN) -> Preview:
    """Try a head on the pool; nothing is kept."""
    sure = head.confidence(among.vectors)
    order = np.argsort(-sure, kind="stable")
    caught = int((sure >= head.threshold).sum())
    unsure = int(((sure >= head.unsure) & (sure < head.threshold)).sum())
    third = max(shown // 4, 1)
    top = order[: min(caught, shown - 2 * third)]
    just = order[max(len(top), caught - third) : caught]
    below = order[caught : caught + third]
    below = below[sure[below] >= head.unsure / 2]
    messages = _seen(among.ids[np.concatenate([top, just, below])], user)
    groups = [_rows(part, among.ids, sure, messages) for part in (top, just, below)]
    return Preview(len(sure), caught, unsure, *groups)


def trial(name: str, description: str, given: Sequence[tuple[str, bool]], category: Category | None = None) -> Trial:
    """What would be learned from these texts, beside what a category knows already; nothing is kept. The first
    `AT_ONCE` texts are tried. Raises `Failure`."""
    added, wanted = categories_taught.sorted_out(given)
    texts = list(wanted.values())[: categories_taught.AT_ONCE]
    vectors = categories_taught.encoded([text for text, _ in texts])
    yes = np.array([said for _, said in texts], dtype=bool)
    among = categories_taught.pool()
    known = categories_taught.known(category) if category else None
    if known is not None:
        vectors, yes = np.concatenate([known.vectors, vectors]), np.concatenate([known.yes, yes])
    background = categories_taught.background(among, known.messages if known else set())
    named = categories_taught.named(name, description)
    learned = categories.learn(Lesson(vectors, yes, np.zeros(len(yes)), background, named))
    fair = np.isfinite(learned.held)
    caught = learned.head.sure(learned.held[fair]) >= learned.head.threshold
    measured = categories_measured.measure(yes[fair], caught, np.ones(int(fair.sum())))
    return Trial(learned.head, among, added, len(wanted) - len(texts), measured)


def _seen(ids: NDArray[np.int64], user: Any) -> dict[int, Message]:
    rows = Message.objects.seen_by(user).filter(pk__in=ids.tolist()).select_related("handle__person", "reading")
    return {m.pk: m for m in rows}


def _rows(
    part: NDArray[np.int64], ids: NDArray[np.int64], sure: NDArray[np.float64], messages: dict[int, Message]
) -> list[Caught]:
    return [Caught(messages[pk], float(sure[at])) for at in part.tolist() if (pk := int(ids[at])) in messages]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message to label; `ticket` proves how likely it was to be drawn. `why`: caught, unsure or any."""

    message: Message
    sure: float
    why: str
    ticket: str


def draw(category: Category, user: Any, rng: np.random.Generator | None = None) -> Drawn | None:
    """The next message to label, None where nothing is left in the pool.

    Drawn at random: four in ten among what the version in use catches, three in ten among what it is least sure of,
    three in ten among all. A message that somebody labelled elsewhere is not asked again: its label counts as drawn.
    """
    rng = rng or np.random.default_rng()
    version = categories_taught.active(category) or category.versions.first()
    if version is None:
        return None
    head = categories_taught.head_of(version)
    among = categories_taught.pool()
    done = CategoryExample.objects.filter(category=category, message__isnull=False)
    settled = set(done.exclude(yes__isnull=False, density=None).values_list("message_id", flat=True))
    labelled = set(done.filter(yes__isnull=False, density=None).values_list("message_id", flat=True))
    sure = head.confidence(among.vectors)
    density = categories_measured.densities(sure, head.threshold)
    free = np.array([pk not in settled for pk in among.ids.tolist()], dtype=bool)
    for _ in range(TRIES):
        left = density * free
        if left.sum() <= 0:
            return None
        at = int(rng.choice(len(left), p=left / left.sum()))
        pk = int(among.ids[at])
        free[at] = False
        if pk in labelled:
            done.filter(message=pk).update(density=float(density[at]))
            continue
        message = Message.objects.seen_by(user).filter(pk=pk).select_related("handle__person", "reading").first()
        if message is not None:
            why = _why(float(sure[at]), head, version)
            return Drawn(message, float(sure[at]), why, ticket(category, message, float(density[at])))
    return None


def _why(sure: float, head: Head, version: CategoryVersion) -> str:
    if sure >= head.threshold:
        return "caught"
    return "unsure" if sure >= head.unsure else "any"


def ticket(category: Category, message: Message, density: float) -> str:
    return signing.dumps([category.pk, message.pk, density], salt=SALT)


def read_ticket(category: Category, given: str) -> tuple[int, float]:
    """The message and the density of a ticket. Raises `Failure` for one that is not of this category's queue."""
    try:
        of, message, density = signing.loads(given[:500], salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise Failure("This message was not drawn here. Load the page again and label the one it shows.") from None
    if of != category.pk:
        raise Failure("This message was drawn for another category. Load the page again.")
    return int(message), float(density)
