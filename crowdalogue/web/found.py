"""What the steps that go by rules found, in words: a country and how it is known, products by name, kinds of data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crowdalogue.analyze.document import NOTHING, UNDETERMINED
from crowdalogue.analyze.steps import countries
from crowdalogue.web.words import said

# In this order, below what every message has.
STEPS = (
    "emotion", "toxicity", "aspects", "journey", "question", "products", "place", "hearsay",
    "machine_written", "personal_data",
)  # fmt: skip
# Personal data is not written out once more beside the message.
WITHOUT_QUOTE = frozenset({"personal_data"})
LABELS: dict[tuple[str, str], str] = {
    ("emotion", UNDETERMINED): "Emotion not sure",
    ("journey", UNDETERMINED): "Stage not sure",
    ("question", "asked"): "Asks a question",
    ("question", NOTHING): "Asks nothing",
    ("hearsay", "first_hand"): "First-hand",
    ("hearsay", "hearsay"): "Hearsay",
    ("hearsay", NOTHING): "Neither first-hand nor hearsay",
    ("machine_written", "auto_reply"): "Automatic reply",
    ("machine_written", "notification"): "Automatic notice",
    ("machine_written", "bulk"): "Sent in bulk",
    ("machine_written", NOTHING): "Written by a person",
    ("personal_data", NOTHING): "No personal data",
}
KINDS = {
    "card": "card number",
    "secret": "password or PIN",
    "bank_account": "bank account",
    "national_id": "national ID number",
    "birth_date": "date of birth",
    "address": "postal address",
    "phone": "phone number",
    "email": "e-mail address",
}
HOW = {
    "stated": "said in the text",
    "store": "a store",
    "profile": "from the profile",
    "number": "by phone prefix",
}


def shown(step: str, found: Mapping[str, Any]) -> str:
    """A finding's label as the panel writes it."""
    label = str(found.get("label", ""))
    extra = found.get("extra")
    detail: Mapping[str, Any] = extra if isinstance(extra, dict) else {}
    if (words := LABELS.get((step, label))) is not None:
        return words
    if step == "personal_data":
        return _personal(label, detail)
    if step == "aspects":
        return _aspects(label, detail)
    if step == "products":
        return _products(label, detail)
    return _place(label, detail) if step == "place" else said(label)


def chosen(step: str, label: str) -> str:
    """A label that a person may choose instead."""
    return LABELS.get((step, label)) or (KINDS[label].capitalize() if step == "personal_data" else said(label))


def country_name(code: str) -> str:
    """A country by its two letters, as people write it; the letters where they are unknown."""
    if code == UNDETERMINED:
        return "Place not sure"
    return next(iter(countries.names().get(code, (code,))))


def _personal(label: str, detail: Mapping[str, Any]) -> str:
    kinds = [k for k in detail.get("kinds", []) if k in KINDS] or [label]
    words = list(dict.fromkeys(KINDS.get(kind, kind) for kind in kinds))
    return ", ".join(words)[:1].upper() + ", ".join(words)[1:]


def _aspects(label: str, detail: Mapping[str, Any]) -> str:
    named = [n for n in detail.get("named", []) if isinstance(n, dict) and n.get("aspect")]
    told = [f"{said(str(n['aspect']))} ({said(str(n.get('polarity', UNDETERMINED))).lower()})" for n in named[:3]]
    told = [words.replace(f"({said(UNDETERMINED).lower()})", "(not sure)") for words in told]
    return ", ".join(told) or said(label)


def _products(label: str, detail: Mapping[str, Any]) -> str:
    named = [n for n in detail.get("named", []) if isinstance(n, dict) and n.get("name")]
    if not named:
        return "Several products" if label == "several" else "A product"
    names = [f"{n['name']}?" if "among" in n else str(n["name"]) for n in named]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _place(label: str, detail: Mapping[str, Any]) -> str:
    how = HOW.get(str(detail.get("by")), "")
    if label == UNDETERMINED:
        among = [country_name(str(code)) for code in detail.get("among", [])][:3]
        return f"{detail.get('name') or 'Place'}: {' or '.join(among) or 'not sure where'}"
    name = country_name(label)
    town = str(detail.get("name") or "")
    where = f"{town}, {name}" if town and town != name and how != HOW["profile"] else name
    return f"{where} ({how})" if how else where
