"""What the classifier learns from tens of thousands of examples: two linear models, added up.

One reads the meaning (the vectors), the other the wording (the sparse rows); each is a logistic regression in which
every label weighs the same in all. How much the wording counts, and what is added to the score of each label so that
rare and frequent ones are found alike, is chosen on a tenth of the examples, which the models had not seen then.
`oos` is one label more while learning: the more speaks for it, the less for all others.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
# Vectors (None without an encoder) and sparse rows, as the classifier's reader gives them.
Rows = tuple[Floats | None, Any]

HELD = 0.1
SHARES = (0.0, 0.3, 0.5, 0.75, 1.0, 1.5)
# How freely the weights of the vectors and of the wording may grow.
FREE_MEANING, FREE_WORDING = 30.0, 1.5
# Scores are evened out where labels are few and this many held examples of each can tell.
EVENED, ENOUGH = 12, 50
STEP, FARTHEST = 0.1, 10


@dataclass(slots=True)
class Many:
    """Two fitted models; called with rows, it gives scores (rows, labels): logarithms of shares, the best one highest.

    `share` is how much the wording counts beside the meaning, `added` what is added for each label.
    """

    labels: int
    meaning: Any | None
    wording: Any
    share: float
    added: Floats

    def __call__(self, rows: Rows) -> Floats:
        meant, worded = self.apart(rows)
        return self.mixed(meant, worded, self.share) + self.added

    def apart(self, rows: Rows) -> tuple[Floats | None, Floats]:
        """What each model says by itself, (rows, labels)."""
        meant = None if self.meaning is None or rows[0] is None else self._said(self.meaning, rows[0])
        return meant, self._said(self.wording, rows[1])

    @staticmethod
    def mixed(meant: Floats | None, worded: Floats, share: float) -> Floats:
        """Both together; the wording alone where there is no meaning."""
        return worded if meant is None else meant + np.float32(share) * worded

    def _said(self, model: Any, rows: Any) -> Floats:
        scores = model.decision_function(rows)
        if scores.ndim == 1:
            scores = np.stack([-scores / 2, scores / 2], axis=1)
        scores = scores - logsumexp(scores, axis=1, keepdims=True)
        result = np.full((len(scores), self.labels), scores.min() if len(scores) else 0, dtype=np.float32)
        known = model.classes_ >= 0
        result[:, model.classes_[known]] = scores[:, known]
        return result


def learn(rows: Rows, numbers: Ints, labels: int, order: Ints) -> tuple[Many, Floats, Ints]:
    """Fit to all rows (-1 in `numbers` for `oos`); with it, what fits that had not seen them say of the held rows.

    `order` is a random order of the rows: its first tenth is held back. Takes time in proportion to the rows.
    """
    cut = int(len(order) * HELD)
    held, seen = order[:cut], order[cut:]
    truth = numbers[held]
    many = Many(labels, None, None, 1.0, np.zeros(labels, dtype=np.float32))
    many.meaning = None if rows[0] is None else _fitted(rows[0][seen], numbers[seen], FREE_MEANING)
    many.wording = _fitted(rows[1][seen], numbers[seen], FREE_WORDING)
    meant, worded = many.apart((None if rows[0] is None else rows[0][held], rows[1][held]))
    tries = [(_recall(many.mixed(meant, worded, share), truth), share) for share in SHARES]
    many.share = max(tries)[1]
    scores = many.mixed(meant, worded, many.share)
    many.added = evened(scores, truth)
    _again(many, rows, numbers)
    return many, scores + many.added, truth


def _fitted(rows: Any, numbers: Ints, freedom: float) -> Any:
    model = LogisticRegression(C=freedom, max_iter=60, class_weight="balanced", tol=1e-3, warm_start=True)
    return _quietly(model, rows, numbers)


def _quietly(model: Any, rows: Any, numbers: Ints) -> Any:
    with warnings.catch_warnings():
        # A model that has come this close decides as one that took all the steps.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(rows, numbers)


def _again(many: Many, rows: Rows, numbers: Ints) -> None:
    """Go on from the weights found, now with the held rows, too."""
    for model, part in ((many.meaning, rows[0]), (many.wording, rows[1])):
        if model is not None:
            model.max_iter = 20
            _quietly(model, part, numbers)


def evened(scores: Floats, truth: Ints) -> Floats:
    """What to add to the score of each label so that the mean of their recalls is highest; nothing where it is unsure.

    Each label in turn, until none gains: at most `FARTHEST` steps of `STEP` either way.
    """
    labels = scores.shape[1]
    added = np.zeros(labels, dtype=np.float32)
    counts = np.bincount(truth[truth >= 0], minlength=labels)
    if not 2 <= labels <= EVENED or counts.min() < ENOUGH:
        return added
    best = _recall(scores, truth)
    for _ in range(3):
        before = best
        for label in range(1, labels):
            for step in range(-FARTHEST, FARTHEST + 1):
                tried = added.copy()
                tried[label] = step * STEP
                found = _recall(scores + tried, truth)
                if found > best + 1e-9:
                    best, added = found, tried
        if best <= before:
            break
    return added


def _recall(scores: Floats, truth: Ints) -> float:
    """The mean of the labels' recalls over the rows that belong to one."""
    inside = truth >= 0
    right = scores[inside].argmax(axis=1) == truth[inside]
    counts = np.bincount(truth[inside], minlength=scores.shape[1])
    hits = np.bincount(truth[inside], right, minlength=scores.shape[1])
    return float((hits[counts > 0] / counts[counts > 0]).mean())
