"""Countries and towns by name, and countries by the first digits of a telephone number.

The names are our own list (places.toml); the other countries' English names and one town for most time zones come
from the tz database (public domain), where this machine has it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

_OWN = tomllib.loads(Path(__file__).with_name("places.toml").read_text(encoding="utf-8"))

# First digits after the plus -> country; several share "1" and "7", told apart by what follows where we know.
DIALLING: dict[str, str] = {code: country for country, codes in _OWN["dialling"].items() for code in codes.split()}
# Area codes of +1 that are not the United States.
_CANADA = frozenset(
    _OWN["canada"]["area_codes"].split(),
)


def of_phone(number: str) -> str:
    """The country of a number in international form ("+49 ..."): its two letters, "" where that cannot be told."""
    digits = "".join(c for c in number if c.isdigit() and c.isascii())
    if not number.strip().startswith(("+", "00")) or len(digits) < 8:
        return ""
    digits = digits[2:] if number.strip().startswith("00") else digits
    if digits[0] == "1":
        if digits[1] in "01" or digits[1:4] == "555":  # no area has these: numbers of films and examples
            return ""
        return "CA" if digits[1:4] in _CANADA else DIALLING.get(digits[:4], "US")
    if digits[0] == "7":
        return "KZ" if digits[1] in "67" else "RU"
    return next((DIALLING[digits[:n]] for n in (3, 2) if digits[:n] in DIALLING), "")


@lru_cache(maxsize=1)
def names() -> dict[str, tuple[str, ...]]:
    """Country -> its names, ours in several languages first."""
    found = {code: tuple(words.split("|")) for code, words in _OWN["countries"].items()}
    for code, name in _lines("iso3166.tab"):
        found[code] = (*found.get(code, ()), *(n for n in (name,) if "(" not in n and n not in found.get(code, ())))
    return found


@lru_cache(maxsize=1)
def towns() -> list[tuple[str, str, str]]:
    """(country, name, other names joined by |) of towns: ours first, then those that time zones are named after."""
    found = [
        (code, *_parted(name.strip()))
        for code, listed in _OWN["towns"].items()
        for name in listed.split(",")
        if name.strip()
    ]
    known = {(code, name) for code, name, _ in found}
    for fields in _lines("zone.tab"):
        name = fields[2].rpartition("/")[2].replace("_", " ")
        if (fields[0], name) not in known and len(name) > 3 and name not in _NO_TOWN:
            found.append((fields[0], name, ""))
    return found


# Zones named after words, islands the size of an ocean, or bases.
_NO_TOWN = frozenset(
    (
        "Troll",
        "Center",
        "Casey",
        "Mawson",
        "Davis",
        "Vostok",
        "Palmer",
        "Easter",
        "Eastern",
        "Beulah",
        "Knox",
        "Chatham",
    )
)


def _parted(name: str) -> tuple[str, str]:
    first, _, others = name.partition("=")
    return first.strip(), others.strip().replace("=", "|")


def _lines(name: str) -> Iterator[list[str]]:
    """Rows of a table of the tz database; none where this machine has no such table."""
    try:
        text = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        try:
            text = Path("/usr/share/zoneinfo", name).read_text(encoding="utf-8")
        except OSError:
            return
    for line in text.splitlines():
        fields = line.split("\t")
        if line and not line.startswith("#") and len(fields) >= 2:
            yield fields
