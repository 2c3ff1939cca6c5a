"""What a step says of many texts, how long it takes, and the figures of that: whatever is scored goes through here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from crowdalogue.analyze.document import UNDETERMINED, Document, Step
from crowdalogue.analyze.figures import Traits, by_group, calibration, confused, metrics, rounded, share
from crowdalogue.analyze.pipeline import STEPS, read
from crowdalogue.analyze.steps import embedding
from crowdalogue.text import encoder

Pair = tuple[str, str]
# What is said of each text, and how surely.
Labeller = Callable[[Sequence[str]], list[tuple[str, float]]]


def step_named(name: str) -> Step:
    """The step of this name. Raises ValueError, in words, where there is none that says something of a message."""
    for step in STEPS:
        if step.name == name and step is not embedding.STEP:
            return step
    raise ValueError(f"There is no step {name}. Choose one of: {', '.join(names())}.")


def names() -> tuple[str, ...]:
    """The steps that say something of a message."""
    return tuple(s.name for s in STEPS if s is not embedding.STEP)


def needed(step: Step) -> tuple[Step, ...]:
    """A step and those whose findings it uses, in their order."""
    wanted = {need.removesuffix("?") for need in step.needs}
    return (*(s for s in STEPS if wanted & set(s.gives) and s is not step), step)


def read_by(step: Step, documents: list[Document]) -> list[Document]:
    """Let a step, and what it needs, read documents. Raises ValueError, in words, where it can read none of them."""
    read(documents, needed(step))
    failed = [d.failed.get(step.name, "") for d in documents]
    if documents and all(failed):
        reason = failed[0] if " " in failed[0] else f"It failed ({failed[0]}). Please report it."
        raise ValueError(f"The step {step.name} can read none of these messages. {reason}")
    return documents


def labeller(step: Step) -> Labeller:
    """What a step says of texts, with what it needs worked out first."""

    def label(texts: Sequence[str]) -> list[tuple[str, float]]:
        documents = read_by(step, [Document(str(i), text) for i, text in enumerate(texts)])
        return [
            (step.label(d), d.findings[step.name].confidence if step.name in d.findings else 0.0) for d in documents
        ]

    return label


def timed(said_of: Labeller, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Figures of what is said of texts with labels, and how long it took: see `figures.metrics`."""
    return timed_and_said(said_of, pairs)[0]


def timed_and_said(said_of: Labeller, pairs: Sequence[Pair]) -> tuple[dict[str, Any], list[tuple[str, float]]]:
    """As `timed`, and what was said."""
    said_of([text for text, _ in pairs[:2]])
    encoder.forget()
    began = time.process_time()
    said = said_of([text for text, _ in pairs])
    seconds = time.process_time() - began
    truth, found = [label for _, label in pairs], [label for label, _ in said]
    right = [a == b for a, b in zip(truth, found, strict=True)]
    return {
        **metrics(truth, found),
        **answers(said, right),
        "by_group": by_group([Traits(text) for text, _ in pairs], right),
        "confused": confused(truth, found),
        "seconds_cpu": rounded(seconds),
        "messages_per_cpu_second": round(len(pairs) / max(seconds, 1e-9)),
    }, said


def answers(said: list[tuple[str, float]], right: list[bool]) -> dict[str, Any]:
    """How often it was not sure, how often right otherwise, and whether its confidence came true."""
    told = [i for i, (label, _) in enumerate(said) if label != UNDETERMINED]
    return {
        "not_sure": share(len(said) - len(told), len(said), "share"),
        "told": share(sum(right[i] for i in told), len(told)),
        "calibration": calibration([said[i][1] for i in told], [right[i] for i in told]),
    }
