"""How a head does on our own examples, each read by a model that has learned from no message to the same business.

Two things are measured: the head alone, which always answers, and the step as people meet it, which may add rules of
its own, say that it is not sure (`und`) or leave nothing. The step runs as it is, with the cross-validated model's
belief in the place of the shipped head's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze import permissive, rules, training
from crowdalogue.analyze.document import UNDETERMINED, Document, Finding, Step, StepUnavailable
from crowdalogue.analyze.figures import Traits, by_group, calibration, confused, metrics, rounded, share
from crowdalogue.analyze.pipeline import read
from crowdalogue.analyze.steps import aspects, embedding, head
from crowdalogue.text import encoder

Floats = NDArray[np.float32]


def own(step: Step) -> dict[str, Any]:
    """Figures of a head on our own examples, cross-validated; without the encoder those of the words alone."""
    samples = training.own_samples(step.name)
    _encoded()  # measured first: what is met again is remembered
    result: dict[str, Any] = {
        "step": step.name,
        "data": "own examples, cross-validated",
        "version": head.card(step.name)["version"],
    }
    try:
        result |= scored(step, samples, embed=True)
    except StepUnavailable:
        return result | scored(step, samples, embed=False) | speed(step)
    words = scored(step, samples, embed=False)
    result["without_embedding"] = {name: words[name] for name in words if name not in ("by_group", "confused")}
    return result | speed(step)


def scored(step: Step, samples: list[training.Sample], *, embed: bool) -> dict[str, Any]:
    """The figures of a head on these samples, cross-validated, with the encoder or by the words alone."""
    labels = [s.label for s in samples]
    shares, names = believed(step.name, samples, embed=embed)
    best = shares.argmax(axis=1)
    found = [names[i] for i in best]
    right = [a == b for a, b in zip(found, labels, strict=True)]
    result = {
        **metrics(labels, found),
        "calibration": calibration(shares.max(axis=1).tolist(), right),
        "by_group": by_group(traits(samples), right),
        "confused": confused(labels, found),
    }
    # What an aspect is named by stands outside its clause, so its step cannot be asked about the clause alone.
    clauses = any(s.whole for s in samples)
    result["as_it_answers"] = _clauses(shares, right) if clauses else _answered(step, samples, shares, names)
    return result


def _clauses(shares: Floats, right: list[bool]) -> dict[str, Any]:
    """As `_answered`, for the polarity of aspects: told from `aspects.SURE` on."""
    sure = shares.max(axis=1).tolist()
    told = [i for i, share_ in enumerate(sure) if share_ >= aspects.SURE]
    return {
        "not_sure": share(len(sure) - len(told), len(sure), "share"),
        "told": share(sum(right[i] for i in told), len(told)),
        "calibration": calibration([sure[i] for i in told], [right[i] for i in told]),
    }


def believed(step: str, samples: list[training.Sample], *, embed: bool) -> tuple[Floats, list[str]]:
    """The calibrated share of belief in each label, (samples, labels), of models that had not seen the sample."""
    extra = [training.Sample(*s) for s in permissive.samples(step, training.data_folder())]
    mine = training.features_of(samples, embed=embed)
    more = training.features_of(extra, embed=embed) if extra else None
    labels = [s.label for s in samples]
    groups = [s.group for s in samples]
    scores, names = training.crossed(mine, labels, more, extra, groups, training.manner(step))
    truth = np.array([names.index(label) for label in labels])
    shares = scores / training.temperature(scores, truth)
    shares = np.exp(shares - shares.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares, names


def traits(samples: Sequence[training.Sample]) -> list[Traits]:
    """What samples of our own examples are grouped by; no two examples have the same text."""
    rows = {row["text"]: row for row in training.examples()}
    ours = [rows[s.whole or s.text] for s in samples]
    return [Traits(row["text"], row["language"], row["channel"]) for row in ours]


class Judged(head.Head):
    """A head whose belief in each document is known beforehand, by the document's id; it gives no reasons."""

    def __init__(self, name: str, labels: Sequence[str], known: dict[str, Floats]) -> None:
        self.name, self.labels, self.version = name, tuple(labels), "judged"
        self.card, self.temperature, self.weights = {}, {}, {}
        self._known = known

    def shares(self, documents: Sequence[Document]) -> Floats:
        return np.stack([self._known[d.id] for d in documents])

    def run(self, documents: list[Document]) -> None:
        for document in documents:
            row = self._known[document.id]
            said = self.labels[int(row.argmax())]
            document.findings[self.name] = Finding(said, round(float(row.max()), 4), (), self.version)

    def reasons(self, documents: list[Document], labels: Sequence[str]) -> list[tuple[tuple[int, int], ...]]:
        return [()] * len(documents)


@contextmanager
def instead(one: head.Head) -> Iterator[None]:
    """Let this head answer in its step for a while, in this process."""
    head.load(one.name)  # so that what it stands in for is known to be readable
    with head._loading:
        before, head._loaded[one.name] = head._loaded[one.name], one
    try:
        yield
    finally:
        with head._loading:
            head._loaded[one.name] = before


def _answered(step: Step, samples: list[training.Sample], shares: Floats, names: list[str]) -> dict[str, Any]:
    """What people meet: how often it is not sure, how often right otherwise, and whether its confidence comes true."""
    documents = [Document(str(i), s.text) for i, s in enumerate(samples)]
    with instead(Judged(step.name, names, {d.id: row for d, row in zip(documents, shares, strict=True)})):
        read(documents, (step,))
    found = [step.label(d) for d in documents]
    right = [a == s.label for a, s in zip(found, samples, strict=True)]
    told = [i for i, label in enumerate(found) if label != UNDETERMINED]
    # Nothing found has no confidence to come true.
    said = [i for i in told if step.name in documents[i].findings]
    return {
        "not_sure": share(len(found) - len(told), len(found), "share"),
        "told": share(sum(right[i] for i in told), len(told)),
        "per_label": metrics([s.label for s in samples], found)["per_label"],
        "calibration": calibration(
            [documents[i].findings[step.name].confidence for i in said], [right[i] for i in said]
        ),
    }


# --- speed -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _encoded() -> tuple[float, dict[str, Any]]:
    """CPU seconds of encoding our own messages, and their vectors by text; 0 and none without the encoder."""
    documents = [Document(str(i), row["text"]) for i, row in enumerate(training.examples())]
    try:
        embedding.run(documents[:2])
        encoder.forget()
        began = time.process_time()
        embedding.run(documents)
    except StepUnavailable:
        return 0.0, {}
    return time.process_time() - began, {d.text: d.embedding for d in documents}


def speed(step: Step) -> dict[str, Any]:
    """CPU seconds that a step takes to read our own messages, alone and with the encoding where it uses that."""
    texts = [row["text"] for row in training.examples()]
    uses = "embedding?" in step.needs
    encoding, vectors = _encoded() if uses else (0.0, {})
    read([Document("warm", texts[0])], (step,))
    known = {"catalogue": rules.shop()} if step.name == "products" else {}
    documents = [Document(str(i), text, known=known, embedding=vectors.get(text)) for i, text in enumerate(texts)]
    began = time.process_time()
    read(documents, (step,))
    alone = time.process_time() - began
    return {
        "messages": len(texts),
        "seconds_cpu": rounded(encoding + alone),
        "messages_per_cpu_second": round(len(texts) / max(encoding + alone, 1e-9)),
        "messages_per_cpu_second_alone": round(len(texts) / max(alone, 1e-9)),
    }
