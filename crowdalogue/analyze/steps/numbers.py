# ruff: noqa: E501  (a pattern a line, lists as plain rows of words)
"""Numbers that prove themselves: what a card, a bank account, a person's number must add up to.

Each function takes the digits (and letters) without blanks and says whether they are right. The rules are those of
the issuers: ISO/IEC 7812 (Luhn), ISO 13616 (mod 97), and each country's own for its citizens.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

# How long an IBAN of each country is.
IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO", "16": "BE", "18": "DK FI FO GL NL SD", "19": "MK SI", "20": "AT BA EE KZ LT LU MN XK",
        "21": "CH CR HR LI LV", "22": "BG BH DE GB GE IE ME RS VA", "23": "AE GI IL IQ OM SO TL", "24": "AD CZ ES MD PK "
        "RO SA SE SK TN VG", "25": "LY PT ST", "26": "IS TR", "27": "BI DJ FR GR IT MC MR SM", "28": "AL AZ BY CY DO GT "
        "HU LB NI PL SV", "29": "BR EG PS QA UA", "30": "JO KW MU YE", "31": "MT SC", "32": "LC", "33": "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CF_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10,
            22, 25, 24, 23,
        ),
        strict=True,
    )
)  # fmt: skip
_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def luhn(digits: str) -> bool:
    """Whether every second digit, doubled, and the others add up to a multiple of ten."""
    total = 0
    for i, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + i % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban(code: str) -> bool:
    """Whether an IBAN has its country's length and its check digits are right."""
    code = code.upper()
    if IBAN_LENGTHS.get(code[:2]) != len(code) or not code.isascii() or not code.isalnum():
        return False
    return int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1


# First digits, and the lengths such a card number has.
_ISSUERS = (
    *((str(n), (15,)) for n in (34, 37)),
    ("4", (13, 16, 19)),
    *((str(n), (16,)) for n in (*range(51, 56), *range(2221, 2721))),
    *((str(n), (16, 17, 18, 19)) for n in (6011, 62, *range(644, 650), 65)),
    *((str(n), (14,)) for n in (*range(300, 306), 36, 38, 39)),
    *((str(n), (16,)) for n in range(3528, 3590)),
    *((str(n), (12, 13, 14, 15, 16, 17, 18, 19)) for n in (5018, 5020, 5038, 6304, 6759, 6761, 6762, 6763)),
)
_LENGTHS = dict(_ISSUERS)


def card(digits: str) -> bool:
    """Whether these are the digits of a payment card: an issuer's first ones, its length, and Luhn."""
    if len(set(digits)) < 2:
        return False
    lengths = next((_LENGTHS[digits[:n]] for n in (4, 3, 2, 1) if digits[:n] in _LENGTHS), ())
    return len(digits) in lengths and luhn(digits)


# --- persons' numbers, by country


def _dni(code: str) -> bool:
    first = code[0].upper()
    number = str("XYZ".index(first)) + code[1:-1] if first in "XYZ" else code[:-1]
    return _DNI[int(number) % 23] == code[-1].upper()


def _codice(code: str) -> bool:
    code = code.upper()
    total = sum(_CF_ODD[c] if i % 2 == 0 else int(c, 36) - (10 if c.isalpha() else 0) for i, c in enumerate(code[:15]))
    return chr(ord("A") + total % 26) == code[15]


def _nir(code: str) -> bool:
    code = code.upper()
    body = code[:13].replace("2A", "19").replace("2B", "18")
    return code[0] in "123478" and body.isdigit() and 97 - int(body) % 97 == int(code[13:])


def _day(year: int, month: int, day: int) -> bool:
    try:
        return date(year, month, day) <= date.today()  # noqa: DTZ011 - a birthday has no zone
    except ValueError:
        return False


def _personnummer(code: str) -> bool:
    digits = code[-10:]
    year, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    return (_day(1900 + year, month, day) or _day(2000 + year, month, day)) and luhn(digits)


def _hetu(code: str) -> bool:
    code = code.upper()
    century = {"+": 1800, "-": 1900, "A": 2000}[code[6]]
    born = _day(century + int(code[4:6]), int(code[2:4]), int(code[:2]))
    return born and _HETU[int(code[:6] + code[7:10]) % 31] == code[10]


def _steuer_id(digits: str) -> bool:
    if digits[0] == "0" or len(set(digits[:10])) not in (8, 9):
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return (11 - product) % 10 == int(digits[10])


def _weighted(digits: str, weights: tuple[int, ...], modulus: int) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False)) % modulus


def _bsn(digits: str) -> bool:
    return _weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), 11) == 0 and len(set(digits)) > 1


def _cpf(digits: str) -> bool:
    if len(set(digits)) == 1:
        return False
    first = _weighted(digits, tuple(range(10, 1, -1)), 11)
    second = _weighted(digits, tuple(range(11, 1, -1)), 11)
    return [int(d) for d in digits[9:]] == [0 if r < 2 else 11 - r for r in (first, second)]


def _belgium(digits: str) -> bool:
    body, check = int(digits[:9]), int(digits[9:])
    return check in (97 - body % 97, 97 - (2_000_000_000 + body) % 97) and int(digits[2:4]) <= 12


def _pesel(digits: str) -> bool:
    month, day = int(digits[2:4]) % 20, int(digits[4:6])
    return 1 <= month <= 12 and 1 <= day <= 31 and _weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), 10) == 0


def _norway(digits: str) -> bool:
    first = -_weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2), 11) % 11
    second = -_weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), 11) % 11
    return [int(d) for d in digits[9:]] == [first, second] and 1 <= int(digits[:2]) % 40 <= 31


def _nif(digits: str) -> bool:
    rest = _weighted(digits, tuple(range(9, 1, -1)), 11)
    return digits[0] in "1235" and int(digits[8]) == (0 if rest < 2 else 11 - rest)


def _verhoeff(digits: str) -> bool:
    check = 0
    for i, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF_D[check][int(_VERHOEFF_P[i % 8][int(digit)])])
    return check == 0


def _ssn(digits: str) -> bool:
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


# name -> the check. The patterns that lead here stand in personal_data.py.
PERSONS: dict[str, Callable[[str], bool]] = {
    "dni": _dni,
    "codice": _codice,
    "nir": _nir,
    "personnummer": _personnummer,
    "hetu": _hetu,
    "steuer": _steuer_id,
    "bsn": _bsn,
    "cpf": _cpf,
    "belgium": _belgium,
    "pesel": _pesel,
    "norway": _norway,
    "nif": _nif,
    "aadhaar": _verhoeff,
    "sin": luhn,
    "ssn": _ssn,
}
