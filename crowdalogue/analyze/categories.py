"""Learning a category from a few examples: one direction in the space of meanings, a threshold, and how good it is.

Logistic regression over the vectors that every message has anyway. It begins in the direction of the category's name
and description (the mean of a Gaussian prior), and messages about which nobody said anything stand against the
examples of yes: those that look like them in a first fit are left out of the second. So two examples are enough to
begin with, and a message is judged by one product with the heads of all categories. Nothing here knows the store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from crowdalogue.errors import Failure

VERSION = "1"
# Chosen on half of BANKING77's intents; see docs/categories.md.
TIGHT = 0.03  # how strongly the direction is held to the prior
NAMED = 4.0  # how long the prior is: about as much as three examples
AGAINST = 4.0  # how much all unlabelled messages count together, to the examples of yes
# A first, stiffer fit: unlabelled messages that it finds more like a yes than a quarter of the examples are left out.
STIFF, AGAINST_FIRST, LIKE = 0.3, 1.0, 0.25
SAME = 0.8  # cosine from which an unlabelled message says what an example of yes says
SAMPLED = 500  # examples of yes that are looked at for that
ROUNDS, NEARLY = 15, 1e-4
FOLDS = 5
ENOUGH = 8  # of yes and of no, drawn at random, before threshold and confidence follow them
BEFORE = 0.5  # the threshold before that
LEAST, MOST = 0.1, 0.9  # thresholds
LIFT = 3.0  # the most that confidence is raised where half of the examples would be overlooked

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a category is learned from. Vectors are (n, width) of unit length; `yes` (n,) says what each is.

    `weight` (n,) is 0 for examples that were not drawn at random, else how many messages each stands for.
    `background` are messages that nobody labelled; `named` is the vector of the name and description.
    """

    vectors: Floats
    yes: Flags
    weight: Doubles
    background: Floats
    named: Floats | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A direction and a bias, a line that turns scores into confidence, and the least confidence of a yes."""

    direction: Floats
    bias: float
    slope: float = 1.0
    shift: float = 0.0
    threshold: float = BEFORE
    checked: bool = False  # confidence and threshold follow labels that were drawn at random

    def confidence(self, vectors: Floats) -> Doubles:
        """(n, width) to (n,): how sure it is that each is in the category."""
        return self.sure(vectors @ self.direction + self.bias)

    def sure(self, scores: Any) -> Doubles:
        return _share(self.slope * np.asarray(scores, dtype=np.float64) + self.shift)

    @property
    def unsure(self) -> float:
        """From here up to the threshold nothing is said of a message: unknown is unknown."""
        return self.threshold / 2


@dataclass(frozen=True, slots=True)
class Learned:
    """A head, and for each example of the lesson the score of a fit that did not see it (NaN where none could)."""

    head: Head
    held: Doubles
    examples: dict[str, int] = field(default_factory=dict)


def learn(lesson: Lesson) -> Learned:
    """Learn from examples. The same lesson gives the same head. Raises `Failure` where there is nothing to tell apart.

    Takes 1 to 2 s of the processor with up to a hundred examples and 2,000 messages beside them, 11 s with 10,000.
    """
    yes, no = int(lesson.yes.sum()), int((~lesson.yes).sum())
    if not yes:
        raise Failure("No example says what is in the category. Give at least one that is, better five.")
    if not no and not len(lesson.background):
        raise Failure("Every example says yes, and there is no message to compare with. Give some that are not in it.")
    direction, bias = _fitted(lesson)
    held = _held(lesson)
    slope, shift, threshold, checked = _settled(lesson, held)
    head = Head(direction.astype(np.float32), bias, slope, shift, threshold, checked)
    return Learned(head, held, {"yes": yes, "no": no})


# --- the fit


def _fitted(lesson: Lesson, seen: Flags | None = None) -> tuple[Doubles, float]:
    """Direction and bias, of two fits: what nobody labelled and yet looks like a yes is left out of the second, so
    that a category that many messages are in is not learned against itself."""
    vectors, yes = (lesson.vectors, lesson.yes) if seen is None else (lesson.vectors[seen], lesson.yes[seen])
    against = lesson.background
    middle = against.mean(axis=0) if len(against) else vectors.mean(axis=0)
    prior = np.zeros(vectors.shape[1])
    if lesson.named is not None and np.any(lesson.named):
        prior = NAMED * (lesson.named - middle).astype(np.float64)
    if len(against):
        first, bend = _logistic(vectors, yes, against, prior, STIFF, AGAINST_FIRST)
        line = float(np.quantile(_left_out(vectors[yes], first, bend), LIKE))
        apart = (against @ vectors[yes][:SAMPLED].T).max(axis=1) < SAME
        rest = against[apart & (against @ first[:-1] + first[-1] < line)]
        against = rest if len(rest) else against
    found, _ = _logistic(vectors, yes, against, prior, TIGHT, AGAINST)
    return found[:-1], float(found[-1])


def _logistic(
    vectors: Floats, yes: Flags, against: Floats, prior: Doubles, tight: float, heavy: float
) -> tuple[Doubles, Doubles]:
    """The most probable direction, with the bias as its last number, under a Gaussian prior around `prior`, by
    Newton's method; and how the likelihood bends there (width + 1, width + 1)."""
    rows = _with_one(np.concatenate([vectors, against]))
    truth = np.concatenate([yes, np.zeros(len(against))])
    counts = np.ones(len(rows))
    if len(against):
        counts[len(vectors) :] = heavy * max(int(yes.sum()), 1) / len(against)
    middle = np.append(prior, 0.0)
    held = np.append(np.full(len(prior), tight), 1e-4)
    found = middle.copy()
    for _ in range(ROUNDS):
        said = _share(rows @ found)
        slope = rows.T @ (counts * (said - truth)) + held * (found - middle)
        bend: Doubles = (rows * np.maximum(counts * said * (1 - said), 1e-9)[:, None]).T @ rows + np.diag(held)
        step = np.linalg.solve(bend, slope)
        found -= step / max(1.0, float(np.abs(step).max()) / 20)  # a step too far is cut short
        if np.abs(step).max() < NEARLY:
            break
    return found, bend


def _with_one(vectors: Floats) -> Doubles:
    return np.concatenate([vectors.astype(np.float64), np.ones((len(vectors), 1))], axis=1)


def _left_out(yes: Floats, found: Doubles, bend: Doubles) -> Doubles:
    """Scores of examples of yes as if each had not been learned from: one step of Newton's without it."""
    rows = _with_one(yes)
    scores = rows @ found
    said = _share(scores)
    pull = np.einsum("ij,ji->i", rows, np.linalg.solve(bend, rows.T))
    result: Doubles = scores + pull * (said - 1) / (1 - np.minimum(pull * said * (1 - said), 0.95))
    return result


def _held(lesson: Lesson) -> Doubles:
    """Scores of each example by a fit without its part; NaN where a part's fit would have no example of yes left."""
    scores = np.full(len(lesson.yes), np.nan)
    parts = _parts(lesson.yes)
    for part in range(FOLDS):
        out = parts == part
        seen = ~out
        if not out.any() or not lesson.yes[seen].any() or not (len(lesson.background) or (~lesson.yes[seen]).any()):
            continue
        direction, bias = _fitted(lesson, seen)
        scores[out] = lesson.vectors[out] @ direction + bias
    return scores


def _parts(yes: Flags) -> NDArray[np.int64]:
    """A part for each example, yes and no spread evenly."""
    parts = np.empty(len(yes), dtype=np.int64)
    for which in (yes, ~yes):
        at = np.flatnonzero(which)
        parts[at] = np.random.default_rng(7).permutation(len(at)) % FOLDS
    return parts


# --- confidence and threshold


def _settled(lesson: Lesson, held: Doubles) -> tuple[float, float, float, bool]:
    """Slope, shift, threshold, and whether they follow labels that were drawn at random."""
    drawn = (lesson.weight > 0) & np.isfinite(held)
    yes, scores, weight = lesson.yes[drawn], held[drawn], lesson.weight[drawn]
    if min(int(yes.sum()), int((~yes).sum())) < ENOUGH:
        return 1.0, _lift(held[lesson.yes]), BEFORE, False
    slope, shift = _line(scores, yes, weight)
    return slope, shift, _threshold(_share(slope * scores + shift), yes, weight), True


def _lift(held: Doubles) -> float:
    """Before anything was drawn at random: what nobody labelled weighs too much against a category that many
    messages are in. So much is added that half of the examples of yes are caught by fits that did not see them."""
    known = held[np.isfinite(held)]
    return float(np.clip(-np.median(known), 0.0, LIFT)) if len(known) else 0.0


def _line(scores: Doubles, yes: Flags, weight: Doubles) -> tuple[float, float]:
    """Platt's line, held to slope 1 and shift 0 as by two examples."""
    weight = weight * len(weight) / weight.sum()
    rows = np.stack([scores, np.ones(len(scores))], axis=1)
    truth = np.where(yes, (yes.sum() + 1) / (yes.sum() + 2), 1 / ((~yes).sum() + 2))
    found, usual = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(ROUNDS):
        said = _share(rows @ found)
        slope = rows.T @ (weight * (said - truth)) + 2.0 * (found - usual)
        bend = (rows * (weight * said * (1 - said))[:, None]).T @ rows + 2.0 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        found -= step / max(1.0, float(np.abs(step).max()) / 2)
        if np.abs(step).max() < NEARLY:
            break
    return max(float(found[0]), 0.05), float(found[1])


def _threshold(sure: Doubles, yes: Flags, weight: Doubles) -> float:
    """Where precision and recall together (F1) are best, half-way between two of the sample."""
    order = np.argsort(-sure, kind="stable")
    right, caught = np.cumsum((weight * yes)[order]), np.cumsum(weight[order])
    best = int(np.argmax(2 * right / (caught + (weight * yes).sum())))
    after = sure[order[best + 1]] if best + 1 < len(order) else 0.0
    return round(float(np.clip((sure[order[best]] + after) / 2, LEAST, MOST)), 4)


def _share(scores: Any) -> Doubles:
    result: Doubles = 1 / (1 + np.exp(-np.clip(scores, -40, 40)))
    return result


# --- kept as bytes


def pack(head: Head, embedding: str) -> bytes:
    """The head as safetensors: no code in it, and read back exactly."""
    about = {"bias": head.bias, "slope": head.slope, "shift": head.shift, "threshold": head.threshold}
    about |= {"checked": float(head.checked)}
    numbers = np.array([about[name] for name in sorted(about)], dtype=np.float64)
    content: bytes = save(
        {"direction": head.direction.astype(np.float32), "numbers": numbers},
        {"about": json.dumps([VERSION, embedding, sorted(about)])},  # one entry: several have no order
    )
    return content


def unpack(content: bytes) -> Head:
    """Read what `pack` made. Raises `Failure` for bytes that are cut short or something else."""
    try:
        arrays: Mapping[str, Any] = load(content)
        direction, numbers = arrays["direction"], arrays["numbers"]
        bias, checked, shift, slope, threshold = (float(n) for n in numbers)
        if direction.ndim != 1 or not np.isfinite(direction).all() or not np.isfinite(numbers).all():
            raise ValueError
    except (SafetensorError, KeyError, ValueError, TypeError):
        raise Failure("This version is damaged: what was learned cannot be read. Have it learn again.") from None
    return Head(direction.astype(np.float32), bias, slope, shift, threshold, bool(checked))


def judge(heads: Sequence[Head], vectors: Floats) -> Doubles:
    """(heads, ) and (n, width) to (n, heads): how sure each head is of each message, by one product."""
    if not heads or not len(vectors):
        return np.zeros((len(vectors), len(heads)))
    scores = vectors @ np.stack([h.direction for h in heads]).T + np.array([h.bias for h in heads], dtype=np.float32)
    slopes, shifts = np.array([h.slope for h in heads]), np.array([h.shift for h in heads])
    return _share(scores * slopes + shifts)
