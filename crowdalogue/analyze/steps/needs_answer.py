"""Whether the writer expects us to answer, yes or no. Our own messages need none. See docs/labelling.md."""

from __future__ import annotations

import dataclasses

from crowdalogue.analyze.document import Document, Finding
from crowdalogue.analyze.steps import head

NAME = "needs_answer"
_HEAD = head.step(NAME)


def run(documents: list[Document]) -> None:
    """Find `needs_answer` by the head for what came in; what we wrote ourselves waits for nobody."""
    _HEAD.run([d for d in documents if d.inbound])
    for document in documents:
        if not document.inbound:
            document.findings[NAME] = Finding("no", 1.0, version=_HEAD.version, extra={"because": "outbound"})


STEP = dataclasses.replace(_HEAD, run=run)
