"""Let obsei, TextBlob or VADER read texts, and print how long it took.

    python read_texts.py PROGRAM < TEXTS        a JSON list of strings

Runs in an environment of their own. obsei's classifier asks a language model, which it has to download or to call;
what it does by itself is to find personal data in every record and blank it, so that is what is measured.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any


def obsei() -> Callable[[Sequence[str]], Any]:
    from obsei.privacy.redact import redact_text

    return lambda texts: [redact_text(text) for text in texts]


def textblob() -> Callable[[Sequence[str]], Any]:
    from textblob import TextBlob

    return lambda texts: [TextBlob(text).sentiment for text in texts]


def vader() -> Callable[[Sequence[str]], Any]:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return lambda texts: [analyzer.polarity_scores(text) for text in texts]


def main() -> None:
    texts = json.load(sys.stdin)
    before = time.process_time()
    read = {"obsei": obsei, "textblob": textblob, "vader": vader}[sys.argv[1]]()
    read(texts[:1])
    ready = time.process_time()
    read(texts[1:200])
    begin = time.process_time()
    read(texts[200:])
    taken = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = {"seconds": taken, "start": ready - before, "n": len(texts) - 200, "peak_mb": peak}
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
