"""The steps in their order, and how a batch of documents goes through them."""

from __future__ import annotations

import gc
import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from crowdalogue.analyze.document import Document, Step, StepUnavailable
from crowdalogue.analyze.steps import (
    aspects,
    duplicate,
    embedding,
    emotion,
    hearsay,
    intent,
    journey,
    language,
    machine_written,
    needs_answer,
    personal_data,
    place,
    products,
    question,
    sentiment,
    toxicity,
    urgency,
)

log = logging.getLogger(__name__)

# Order matters: what a step needs stands above it. To add one, see docs/adding-a-step.md.
STEPS: tuple[Step, ...] = (
    language.STEP,
    embedding.STEP,
    duplicate.STEP,
    sentiment.STEP,
    intent.STEP,
    needs_answer.STEP,
    urgency.STEP,
    emotion.STEP,
    journey.STEP,
    toxicity.STEP,
    aspects.STEP,
    question.STEP,
    hearsay.STEP,
    products.STEP,
    place.STEP,
    personal_data.STEP,
    machine_written.STEP,
)
BATCH = 256


def version_of(steps: Iterable[Step]) -> str:
    """One short string that changes when any step, its version or the order changes."""
    named = "\n".join(f"{s.name}={s.version}" for s in steps)
    return hashlib.blake2b(named.encode(), digest_size=6).hexdigest()


VERSION = version_of(STEPS)


def read(documents: Sequence[Document], steps: Sequence[Step] = STEPS, *, embed: bool = True) -> list[Document]:
    """Let every step read every document, in place, and return them as a list.

    With `embed` off the encoder is left out and the heads go by words alone: several times quicker and somewhat
    less accurate. Nothing raises: a document that breaks a step has the reason in `failed` and lacks only that
    step's finding.
    """
    documents = list(documents)
    for start in range(0, len(documents), BATCH):
        batch = documents[start : start + BATCH]
        with _no_collection():
            for step in steps:
                if embed or "embedding" not in step.gives:
                    _run(step, batch)
            for document in batch:
                document.shared.clear()
    return documents


@contextmanager
def _no_collection() -> Iterator[None]:
    """Put the garbage collector off until a batch is read.

    Findings are thousands of small objects without a cycle among them: walking through them again and again would take
    a quarter of the time, and finds nothing.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _run(step: Step, batch: list[Document]) -> None:
    """Run one step; halve the batch around a failure until only the documents that cause it are left out."""
    try:
        step.run(batch)
        return
    except StepUnavailable as error:
        log.warning("step %s is not available: %s", step.name, error)
        for document in batch:
            document.failed[step.name] = str(error)
        return
    except Exception as error:  # noqa: BLE001 - whatever a step raises must not stop the other documents
        if len(batch) == 1:
            _failed(step, batch[0], error)
            return
    half = len(batch) // 2
    _run(step, batch[:half])
    _run(step, batch[half:])


def _failed(step: Step, document: Document, error: Exception) -> None:
    # The text of an error may quote the message, so only its kind is logged and kept.
    log.warning("step %s could not read document %s: %s", step.name, document.id, type(error).__name__)
    document.findings.pop(step.name, None)
    document.failed[step.name] = type(error).__name__
