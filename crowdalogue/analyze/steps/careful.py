"""Heads that may keep quiet: a step that leaves no finding for `none`, and says `und` where it is not sure enough."""

from __future__ import annotations

import dataclasses

from crowdalogue.analyze.document import NOTHING, UNDETERMINED, Document, Finding, Step
from crowdalogue.analyze.steps import head


def step(name: str, sure: float) -> Step:
    """The step of the head `name`, for messages that came in.

    A label believed in less than `sure` becomes `und` (not sure), with its confidence and without words, unless the
    head leans towards `none`: what is probably nothing is nothing, and so is an empty text.
    """
    plain = head.step(name)

    def run(documents: list[Document]) -> None:
        came_in = [d for d in documents if d.inbound]
        plain.run(came_in)
        for document in came_in:
            finding = document.findings[name]
            if finding.label == NOTHING or not finding.confidence:
                del document.findings[name]
            elif finding.confidence < sure:
                document.findings[name] = Finding(UNDETERMINED, finding.confidence, (), finding.version)

    return dataclasses.replace(plain, run=run)
