"""Which products of the company's catalogue a message names.

The catalogue comes with the documents (`known["catalogue"]`, see catalogue.py), so that the step stays a pure
function. A name that several products have is told as such: the label is `several`, and `extra` lists them.
"""

from __future__ import annotations

from crowdalogue.analyze.document import Document, Finding, Step
from crowdalogue.analyze.steps.catalogue import TOKEN, Catalogue, Match
from crowdalogue.analyze.steps.cut import cut

VERSION = "1"
SEVERAL = "several"
MOST = 12  # products of one message


def run(documents: list[Document]) -> None:
    """Find `products` where a message names one: the label is the id of the surest, `extra["named"]` lists all.

    Each of `named` holds `id` and `name`, or `among` (ids) where the words fit several; their spans stand in `words`
    in the same order.
    """
    for document in documents:
        catalogue: Catalogue | None = document.known.get("catalogue")
        if catalogue is None or not len(catalogue):
            continue
        words = cut(document)
        spans = words.spans
        found = catalogue.find([words.text[a:b] for a, b in spans])
        if not found and document.subject:
            found, spans = catalogue.find(TOKEN.findall(document.subject[:200])), []
        if found:
            document.findings["products"] = _finding(catalogue, found, spans)


def _finding(catalogue: Catalogue, found: list[Match], spans: list[tuple[int, int]]) -> Finding:
    first: dict[tuple[int, ...], Match] = {}
    for match in found:
        known = first.get(match.entries)
        if known is None or match.sure > known.sure:
            first[match.entries] = match
    ordered = sorted(first.values(), key=lambda m: (len(m.entries) > 1, -m.sure, m.start))[:MOST]
    best = ordered[0]
    return Finding(
        SEVERAL if len(best.entries) > 1 else catalogue.entries[best.entries[0]].id,
        best.sure if len(best.entries) == 1 else round(1 / len(best.entries), 2),
        tuple((spans[m.start][0], spans[m.end - 1][1]) for m in ordered) if spans else (),
        VERSION,
        extra={"named": [_named(catalogue, m) for m in ordered]},
    )


def _named(catalogue: Catalogue, match: Match) -> dict[str, object]:
    entries = [catalogue.entries[i] for i in match.entries[:MOST]]
    if len(entries) == 1:
        return {"id": entries[0].id, "name": entries[0].name}
    return {"among": [e.id for e in entries], "name": " / ".join(e.name for e in entries[:3])}


STEP = Step("products", VERSION, run, gives=("products",))
