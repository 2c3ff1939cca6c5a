"""Where a message lies in the space of meanings: one vector, shared by every head, by search and by topics."""

from __future__ import annotations

from crowdalogue.analyze.document import Document, Step, StepUnavailable
from crowdalogue.text import encoder

VERSION = f"1-{encoder.NAME}-b{encoder.BUILD}"
# The encoder reads at most 256 tokens; even short ones seldom take less than two characters.
CHARACTERS = 1500


def run(documents: list[Document]) -> None:
    """Set `embedding` (float32, 384 wide, unit length) on each document that says anything, None on the others."""
    for document in documents:
        document.embedding = None
    documents = [d for d in documents if d.whole.strip()]
    try:
        vectors = encoder.encode([d.whole[:CHARACTERS] for d in documents])
    except encoder.EncoderMissing as error:
        raise StepUnavailable(str(error)) from error
    for document, vector in zip(documents, vectors, strict=True):
        document.embedding = vector


STEP = Step("embedding", VERSION, run, gives=("embedding",))
