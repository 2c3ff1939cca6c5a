"""Which language a message is written in: ISO 639-1 codes, "und" where the text does not tell.

Byte n-grams of py3langid's model (BSD), scored for a whole batch by one product, among the languages customers
write in here; what people type on the net is closer to its training text than that model's 140 languages allow for.
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from crowdalogue.analyze.document import UNDETERMINED, Document, Finding, Step
from crowdalogue.text.normalise import LINK, NAMED

VERSION = "1-py3langid0.4"
# Enough to be sure, short enough to be quick.
BYTES = 320
# Below this the answer is a guess; chosen so that one word of two languages ("hotel", "ok") is not called either.
SURE = 0.5
_LANGUAGES = """
    ar bg bn ca cs cy da de el en es et fa fi fr ga he hi hr hu id is it ja ka ko lt lv mk ms nl no pl pt ro ru sk
    sl sq sr sv sw ta te th tl tr uk ur vi zh
"""
LANGUAGES = tuple(_LANGUAGES.split())
_NOISE = re.compile(r"[#_\d]+|\s{2,}")
_LETTER = re.compile(r"[^\W\d_]")


@lru_cache(maxsize=1)
def _model() -> tuple[Any, list[int], Any, Any, list[str]]:
    """The automaton over bytes (moves, row starts, outputs), and per-language weights (features x languages)."""
    from py3langid import langid

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    known = set(identifier.nb_classes)
    identifier.set_languages([code for code in LANGUAGES if code in known])
    weights = np.vstack([identifier.nb_ptc, identifier.nb_pc]).astype(np.float32)
    moves, outputs = identifier.tk_nextmove, identifier.tk_output
    return (
        moves if isinstance(moves, list) else moves.tolist(),
        [row << 8 for row in identifier.tk_row],
        outputs if isinstance(outputs, list) else outputs.tolist(),
        weights,
        list(identifier.nb_classes),
    )


def run(documents: list[Document]) -> None:
    """Find `language`; a document without one of its own takes it over. Confidence is the model's share."""
    texts = [_readable(d.whole) for d in documents]
    shares, codes = _shares(texts)
    best = shares.argmax(axis=1)
    for document, text, row, i in zip(documents, texts, shares, best.tolist(), strict=True):
        finding = _finding(document, text, codes[i], float(row[i]))
        document.findings["language"] = finding
        document.language = document.language or finding.label


def _finding(document: Document, text: bytes, code: str, share: float) -> Finding:
    if not text:
        return Finding(UNDETERMINED, 0.0, version=VERSION)
    if share < SURE or (len(text) < 4 and text.isascii()):
        return Finding(UNDETERMINED, round(share, 4), version=VERSION, extra={"guess": code})
    return Finding(code, round(share, 4), version=VERSION)


def _readable(text: str) -> bytes:
    """The words of a text as bytes: no links, names or digits, and not in capitals; empty where there is none."""
    text = text[: 2 * BYTES]
    if "@" in text:
        text = NAMED.sub(" ", text)
    if "://" in text or "www." in text:
        text = LINK.sub(" ", text)
    text = _NOISE.sub(" ", text).strip()
    if not _LETTER.search(text):
        return b""
    if text.isupper():
        text = text.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.encode("utf-8", errors="replace")[:BYTES]


def _shares(texts: list[bytes]) -> tuple[Any, list[str]]:
    """For each text, what share of belief each language gets: (texts, languages), rows that sum to 1."""
    moves, rows, outputs, weights, codes = _model()
    columns: list[int] = []
    starts = [0]
    for text in texts:
        state = 0
        for byte in text:
            state = moves[rows[state] + byte]
            feature = outputs[state]
            if feature >= 0:
                columns.append(feature)
        starts.append(len(columns))
    counts = csr_array((np.ones(len(columns), dtype=np.float32), columns, starts), shape=(len(texts), len(weights) - 1))
    counts.sum_duplicates()
    np.log1p(counts.data, out=counts.data)
    scores = counts @ weights[:-1] + weights[-1]
    # The root of the length keeps the shares honest for short and long texts alike (as py3langid does).
    scores /= np.array([math.sqrt(len(t) or 1) for t in texts], dtype=np.float32)[:, None]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True), codes


STEP = Step("language", VERSION, run, gives=("language",))
