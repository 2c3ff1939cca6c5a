"""Entries typed by hand after a phone call or a store visit. Nothing knocks, nothing is sent."""

from __future__ import annotations

import re

from crowdalogue.channels.base import Channel

# What people write around a number: an extension is not part of who is calling.
EXTENSION = re.compile(r"(?:ext|extension|x|#|durchwahl|poste)\.?\s*\d{1,6}\s*$", re.IGNORECASE)
LEAST_DIGITS = 5  # shorter ones are short codes or typing errors, and are kept as typed


def normalise_phone(number: str) -> str:
    """One spelling of a phone number: digits, with + in front where the country is given.

    `+1 (555) 010-0199`, `001 555 010 0199` and `tel:+15550100199` are one number. A number without its
    country stays without it, because guessing the country would join two people.
    """
    text = number.strip().casefold().removeprefix("tel:")
    text = EXTENSION.sub("", text)
    international = text.lstrip(" (").startswith("+")
    # +44 (0)20 ...: the zero is only dialled at home
    if international:
        text = re.sub(r"\(0\)", "", text)
    digits = "".join(str(int(c)) for c in text if c.isdecimal())
    if len(digits) < LEAST_DIGITS:
        return " ".join(number.split()).casefold()
    if international:
        return "+" + digits
    if digits.startswith("00"):
        return "+" + digits[2:]
    return digits


class Phone(Channel):
    """A call, written down by whoever took it."""

    kind = "phone"
    label = "Phone"
    icon = "i-phone"
    handles = "phone"
    guide = "Calls are entered by hand: what the caller said and what they were told."

    def normalise(self, address: str) -> str:
        return normalise_phone(address)


class Store(Channel):
    """A visit to a store or desk; visitors are found by the phone number they give."""

    kind = "store"
    label = "Store"
    icon = "i-store"
    handles = "store"
    guide = "Store visits are entered by hand: what the visitor said and what they were told."

    def normalise(self, address: str) -> str:
        plain = " ".join(address.split())
        looks_like_phone = sum(c.isdecimal() for c in plain) >= LEAST_DIGITS and not any(c.isalpha() for c in plain)
        return normalise_phone(plain) if looks_like_phone else plain.casefold()
