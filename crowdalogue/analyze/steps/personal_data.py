# ruff: noqa: E501, SIM905  (a pattern a line, lists as plain rows of words)
"""Personal data that a customer wrote: cards, bank accounts, secrets, numbers of persons, addresses, phones.

Whatever has a check digit must prove itself by it; whatever has none needs the words around it ("my number is").
An order, a ticket or a parcel has long numbers too: those words before a number keep it from being a phone. What
belongs to companies (info@, 0800) is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from crowdalogue.analyze.document import NOTHING, Document, Finding, Step
from crowdalogue.analyze.steps import numbers
from crowdalogue.analyze.steps.countries import DIALLING
from crowdalogue.analyze.steps.cut import Cut, cut, cut_text

VERSION = "1"
# The gravest first: the one a finding is named after.
KINDS = ("card", "secret", "bank_account", "national_id", "birth_date", "address", "phone", "email")
MOST = 40  # spans of one message


class Found(NamedTuple):
    """A span of a text, what it is, and how sure that is."""

    start: int
    end: int
    kind: str
    sure: float


_SAYS_ONE = (
    r"pass ?word|passcode|passwort|kennwort|passphrase|mot de passe|contrase[ñn]a|wachtwoord|l[öo]senord|senha|"
    r"palavra-passe|parola d'ordine|login code|verification code|security code|one[- ]time code|\botp\b|\bpwd?\b|"
    r"\bpin\b|\bcvv2?\b|\bcvc\b|\btan\b|sicherheitscode|code secret|c[óo]digo de verificaci[óo]n|geheimzahl"
)


def run(documents: list[Document]) -> None:
    """Find `personal_data` where there is any: the gravest kind, all spans, and their kinds in `extra`."""
    for document in documents:
        found = _found(cut(document))
        if found:
            worst = min(found, key=lambda f: (KINDS.index(f.kind), -f.sure))
            document.findings["personal_data"] = Finding(
                worst.kind,
                worst.sure,
                tuple((f.start, f.end) for f in found[:MOST]),
                VERSION,
                extra={"kinds": [f.kind for f in found[:MOST]]},
            )


def find(text: str) -> list[Found]:
    """Everything personal in a text of any length, from first to last; spans do not overlap."""
    return _found(cut_text(text))


def _found(words: Cut) -> list[Found]:
    hits = list(_hits(words))
    if len(hits) < 2:
        return hits
    hits.sort(key=lambda f: (KINDS.index(f.kind), f.start))
    kept: list[Found] = []
    for hit in hits:
        if all(hit.end <= other.start or other.end <= hit.start for other in kept[-MOST:]):
            kept.append(hit)
    return sorted(kept)


# What must stand in a text before the dear patterns are asked: most messages have none of it.
_RUN = re.compile(r"(?<![@\w/])\(?\d[\d \u00a0()./+-]{5,}[\da-z]")
_SECRET_SIGNS = frozenset(
    """
    pass password passcode passwort kennwort passphrase passe contraseña contrasena wachtwoord lösenord losenord senha
    parola code otp pw pwd pin cvv cvv2 cvc tan código codigo geheimzahl sicherheitscode
    """.split()
)
_BIRTH_SIGNS = frozenset(
    """
    born birth birthdate dob d birthday geboren geburtsdatum geburtstag naissance né née anniversaire nacimiento nacido
    nacida nascita nato nata nascimento nascido nascida geboorte geboortedatum född fodd födelsedatum fodelsedatum
    """.split()
)
_ELSEWHERE = re.compile(r"(?<![\w.])@\w+|https?://\S+")
_LETTER_AT = re.compile(r"@(?<=\w@)\w")
_DIGIT = re.compile(r"\d")
_LETTERS_DIGITS = re.compile(r"[a-z]{2} ?\d{2}")


def _hits(words: Cut) -> Iterator[Found]:
    text, low = words.text, words.low
    if "@" in low and _LETTER_AT.search(low):
        yield from _emails(text)
    if not words.known.isdisjoint(_SECRET_SIGNS):
        yield from _secrets(text)
    if not _DIGIT.search(low):
        return
    # Digits in links and names of accounts are nobody's.
    if "@" in low or "://" in low:
        low = _ELSEWHERE.sub("", low)
        if not _DIGIT.search(low):
            return
    if _RUN.search(low):
        yield from _cards(text)
        yield from _persons(text)
        yield from _phones(text)
    if _LETTERS_DIGITS.search(low):
        yield from _accounts(text)
        yield from _ninos(text)
        yield from _codices(text)
    if not words.known.isdisjoint(_BIRTH_SIGNS):
        yield from _births(text)
    if not words.known.isdisjoint(_STREETS) or any(word.endswith(_STREET_ENDS) for word in words.known):
        yield from _addresses(text)


def masked(text: str, sign: str = "•") -> str:
    """The text with every letter and digit of what is personal replaced; its length stays, so spans still fit."""
    for found in find(text):
        hidden = "".join(sign if c.isalnum() else c for c in text[found.start : found.end])
        text = text[: found.start] + hidden + text[found.end :]
    return text


def _before(text: str, at: int, reach: int = 32) -> str:
    return text[max(0, at - reach) : at].lower()


# --- e-mail

_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?![\w@])")
# Addresses of companies, not of persons.
_ROLE = re.compile(
    r"(?:info|support|help(?:desk)?|service|kundenservice|kundendienst|kontakt|contact|office|sales|no-?reply|"
    r"do-?not-?reply|team|press|presse|admin|billing|orders?|care|hello|hallo|customer[\w.-]*|feedback|news(?:letter)?|"
    r"marketing|jobs|careers|privacy|datenschutz|atencion[\w.-]*|servicio[\w.-]*|klantenservice|abuse|postmaster)@",
    re.IGNORECASE,
)


def _emails(text: str) -> Iterator[Found]:
    for match in _EMAIL.finditer(text):
        top = match[0].rpartition(".")[2]
        if len(top) >= 2 and top.isalpha() and not _ROLE.match(match[0]):
            yield Found(*match.span(), "email", 0.97)


# --- cards and bank accounts

_LONG_NUMBER = re.compile(r"(?<![\w.,/#-])\d(?:[ \u00a0-]?\d){11,18}(?![\w/]|[.,-]\d)")
_SHIPPED = re.compile(
    r"(?:track\w*|parcel|shipment|consignment|waybill|sendung\w*|paket\w*|suivi|colis|seguimiento|env[ií]o|imei|"
    r"order|bestell\w*|commande|pedido|invoice|rechnung\w*|facture|factura|serial|serien\w*|ticket|booking|ean|isbn|"
    r"barcode|article|artikel\w*|meter|z[äa]hler\w*)\W{0,3}(?:number|no|nr|nummer|num|id|code|n°|nº|is|:|#|\W){0,4}\W*$"
)
_FOURS = re.compile(r"(?:\d{4}[ -]){3}\d{4}$|\d{4}[ -]\d{6}[ -]\d{5}$")


def _cards(text: str) -> Iterator[Found]:
    for match in _LONG_NUMBER.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if not digits.isascii() or not numbers.card(digits) or _SHIPPED.search(_before(text, match.start())):
            continue
        grouped = bool(_FOURS.match(match[0]))
        said = re.search(
            r"card|karte|carte|tarjeta|visa|master|amex|kort|kaart|cart[ãa]o", _before(text, match.start(), 60)
        )
        yield Found(*match.span(), "card", 0.98 if grouped or said else 0.85)


_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")


def _accounts(text: str) -> Iterator[Found]:
    for match in _IBAN_START.finditer(text):
        length = numbers.IBAN_LENGTHS.get(match[0][:2].upper())
        if length is None:
            continue
        code, end = match[0], match.end()
        while len(code) < length and end < len(text):
            if text[end].isascii() and text[end].isalnum():
                code += text[end]
            elif text[end] not in " -\u00a0":
                break
            end += 1
        if (end == len(text) or not text[end].isalnum()) and numbers.iban(code):
            yield Found(match.start(), end, "bank_account", 0.99)


# --- numbers of persons

_CUE_US = r"\b(?:ssn|social security)\b"
_CUE_ANY = r"\b(?:tax|steuer\w*|idnr|identifikation\w*|fiscal\w*|contribuinte|nif|bsn|burgerservice\w*|sofi|sin|social insurance|"
_CUE_ANY += r"aadhaar|aadhar|fødsels\w*|personnummer|national id\w*|citizen\w*)\b"
_PERSONS: tuple[tuple[str, re.Pattern[str], re.Pattern[str] | None], ...] = tuple(
    (name, re.compile(rf"(?<![\w.,/+-])(?:{pattern})(?![\w/]|[.,-]\d)", re.I), re.compile(cue, re.I) if cue else None)
    for name, pattern, cue in (
        ("dni", r"\d{8}[ -]?[A-Z]|[XYZ][ -]?\d{7}[ -]?[A-Z]", ""),
        ("nir", r"[1-478] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}", ""),
        ("personnummer", r"(?:19|20)?\d{6}[-+]\d{4}", ""),
        ("hetu", r"\d{6}[-+A]\d{3}[A-Z0-9]", ""),
        ("cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}", ""),
        ("belgium", r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", ""),
        ("ssn", r"\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}|\d{9}", _CUE_US),
        ("steuer", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", _CUE_ANY),
        ("pesel", r"\d{11}", r"\bpesel\b"),
        ("norway", r"\d{6} ?\d{5}", _CUE_ANY),
        ("cpf", r"\d{11}", r"\bcpf\b"),
        ("bsn", r"\d{9}", r"\b(?:bsn|burgerservice\w*|sofi\w*)\b"),
        ("nif", r"\d{9}", r"\b(?:nif|contribuinte)\b"),
        ("aadhaar", r"[2-9]\d{3} ?\d{4} ?\d{4}", r"\baadh?aa?r\b"),
        ("sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}", r"\b(?:sin|social insurance)\b"),
    )
)
_CODICE = re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.IGNORECASE | re.ASCII)
_NINO = re.compile(r"(?<![A-Z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![A-Z0-9])")


def _persons(text: str) -> Iterator[Found]:
    for name, pattern, cue in _PERSONS:
        for match in pattern.finditer(text):
            if cue is not None and not cue.search(_before(text, match.start(), 48)):
                continue
            code = re.sub(r"[ .]", "", match[0])
            code = code if name == "hetu" else re.sub(r"[-+]", "", code)
            if code.isascii() and numbers.PERSONS[name](code):
                yield Found(*match.span(), "national_id", 0.9 if cue is None else 0.97)


def _ninos(text: str) -> Iterator[Found]:
    for match in _NINO.finditer(text):
        yield Found(*match.span(), "national_id", 0.95)


def _codices(text: str) -> Iterator[Found]:
    for match in _CODICE.finditer(text):
        if numbers.PERSONS["codice"](match[0]):
            yield Found(*match.span(), "national_id", 0.97)


# --- secrets that were said

_IS = r"(?:\s*(?:[:=]|\b(?:is|was|ist|war|lautet|est|es|è|é|är|er|number|code)\b)\s*){1,2}"
_SAID = re.compile(
    rf"(?:{_SAYS_ONE})(?: (?:for|to|of|für|de|del|pour) [^\s:=]{{1,40}}(?: [^\s:=]{{1,20}})?)?{_IS}[\"'“„«(]?(\S{{3,64}})",
    re.IGNORECASE,
)
_BARE_PIN = re.compile(r"\b(?:pin|cvv2?|cvc|otp|tan|passcode|geheimzahl)\b\W{1,3}(\d{3,8})\b", re.IGNORECASE)


def _secrets(text: str) -> Iterator[Found]:
    for match in _SAID.finditer(text):
        secret = match[1].rstrip(".,;!?)\"'”“»")
        # "The password is wrong" says none: a secret holds a digit, a sign or capitals inside, or stands in quotes.
        if len(secret) < 3 or not (_odd(secret) or match[0][-len(match[1]) - 1] in "\"'“„«"):
            continue
        yield Found(match.start(1), match.start(1) + len(secret), "secret", 0.93)
    for match in _BARE_PIN.finditer(text):
        yield Found(*match.span(1), "secret", 0.9)


def _odd(secret: str) -> bool:
    if "://" in secret or secret.startswith(("@", "#", "...", "…")):
        return False
    if any(c.isdigit() for c in secret):
        return not re.fullmatch(r"\d{1,2}|\d[\d.,]*(?:x|%|st|nd|rd|th|min|days?|hours?|characters?)", secret)
    return (not secret[1:].islower() and not secret.isupper() and secret.isalpha()) or bool(
        re.search(r"[\w][!$%&*_+=#][\w]", secret)
    )


# --- dates of birth

_BORN = (
    r"(?:date of birth|birth ?date|\bd\.?o\.?b\b\.?|\bborn\b|birthday|geboren|geburts(?:datum|tag)|date de naissance|"
    r"\bn[ée]e?\b (?:le|en)|anniversaire|fecha de nacimiento|nacid[oa]|data di nascita|nat[oa] il|data de nascimento|"
    r"nascid[oa]|geboorte(?:datum)?|f[öo]delsedatum|f[öo]dd\b)"
)
_MONTHS = (
    r"(?:jan|feb|f[ée]v|m[aä]r|mrz|apr|avr|abr|ma[iy]|jun|juin|jul|juil|aug|ao[uû]t|ago|sep|set|oct|okt|out|ott|nov|"
    r"dec|dez|d[ée]c|dic|ene|gen|giu|lug|mag)[^\W\d_]{0,7}\.?"
)
_DATE = (
    rf"(?:\d{{1,2}}[./ -]\d{{1,2}}[./ -](?:19|20)?\d{{2}}|(?:19|20)\d{{2}}[./-]\d{{1,2}}[./-]\d{{1,2}}|"
    rf"\d{{1,2}}(?:st|nd|rd|th|\.|er|º)? (?:de |of )?{_MONTHS} (?:de )?(?:19|20)\d{{2}}|"
    rf"{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d{{2}}|\d{{8}})"
)
_BIRTH = re.compile(rf"{_BORN}[^\d\n]{{0,24}}?({_DATE})(?!\w)", re.IGNORECASE)


def _births(text: str) -> Iterator[Found]:
    for match in _BIRTH.finditer(text):
        yield Found(*match.span(1), "birth_date", 0.94)


# --- postal addresses

_NAME = r"[A-ZÀ-ÖØ-Þ][\w'’.-]*"
_HOUSE = r"\d{1,5} ?[a-zA-Z]?(?: ?[-/] ?\d{1,4} ?[a-zA-Z]?)?"
_ADDRESS = re.compile(
    rf"(?<![\w.,/-])(?:"
    rf"{_HOUSE},? (?:(?:North|South|East|West|N|S|E|W)\.? )?(?:{_NAME} ){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|"
    r"Court|Ct|Close|Boulevard|Blvd|Terrace|Crescent|Square|Gardens|Grove|Mews|Way|Place|Highway|Parkway)\b\.?|"
    rf"\d{{1,4}}(?: ?bis| ?ter)?,? (?:rue|avenue|av\.|boulevard|bd|impasse|allée|chemin|quai|route|place)(?: (?:de |du |des |de la |de l['’]|d['’]|la |le )*{_NAME}){{1,3}}|"
    rf"[A-ZÄÖÜ][\wäöüß.-]*(?:straße|strasse|str\.|weg|gasse|allee|platz|ring|damm|ufer|straat|laan|plein|gracht|kade|gatan|vägen|gränd) ?{_HOUSE}|"
    rf"[A-ZÄÖÜ][\wäöüß-]*(?: [A-ZÄÖÜ][\wäöüß-]*)? (?:Straße|Strasse|Str\.|Weg|Allee|Platz|Ring|Damm|Ufer) {_HOUSE}|"
    rf"(?:[Cc]alle|[Cc]/|[Aa]venida|[Aa]vda\.?|[Pp]laza|[Pp]aseo|[Cc]arrer|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|[Rr]ua|[Tt]ravessa|[Pp]raça) ?(?:(?:de |del |da |do |dos |la |della |dei )*{_NAME} ?){{1,4}},? (?:n[ºo.]? ?)?\d{{1,4}}\b"
    r")"
)
# What may follow the street: a postal code and a town, or a town and a code.
_TOWN = re.compile(
    rf"(?:,? (?:Apt|Apartment|Flat|Unit|Suite|#)\.? ?\w{{1,5}})?[,;]?\s(?:in )?(?:\d{{4,5}}(?: ?[A-Z]{{2}})? {_NAME}(?: {_NAME})?|{_NAME}(?: {_NAME})?,? (?:[A-Z]{{2}} )?(?:\d{{5}}|[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}))"
)
_SHOP = re.compile(
    r"\b(?:stores?|shops?|branch\w*|outlet|restaurant|hotel|office|headquarters|filiale\w*|laden|geschäft|magasin|"
    r"boutique|tienda|sucursal|negozio|loja|winkel|butik\w*|depot|post office|station|meet\w*)\b[^.!?\n]{0,24}$"
)
_STREETS = frozenset(
    """
    street st road rd avenue ave lane ln drive dr court ct close boulevard blvd terrace crescent square gardens grove mews
    way place highway parkway rue av bd impasse allée chemin quai route calle c avenida avda plaza paseo carrer via viale
    piazza corso rua travessa praça straße strasse str weg allee platz ring damm ufer
    """.split()
)
_STREET_ENDS = tuple(
    "straße strasse str weg gasse allee platz ring damm ufer straat laan plein gracht kade gatan vägen gränd".split()
)


def _addresses(text: str) -> Iterator[Found]:
    for match in _ADDRESS.finditer(text):
        if _SHOP.search(_before(text, match.start(), 48)):
            continue
        town = _TOWN.match(text, match.end())
        yield Found(match.start(), town.end() if town else match.end(), "address", 0.95 if town else 0.85)


# --- telephone numbers

_PHONE = re.compile(
    r"(?<![\w.,/@#:=-])(?:\+|00)?\(?\d(?:[ \u00a0()./-]{0,2}\d){6,14}(?![\w/@]|[.,]\d|-\w|:\d| ?[%€$£])"
)
_PHONE_WORD = re.compile(
    r"\b(?:phone|tel|telephone|telefon\w*|mobile?|mobil\w*|mob|cell\w*|call|ring|text|sms|whats ?app|reach|contact|"
    r"rufen?|erreich\w*|handy\w*|rückruf\w*|num[ée]ro|num[ée]ro est|appel\w*|rappel\w*|portable|t[ée]l[ée]phone|tél|"
    r"llam\w*|m[óo]vil|tel[ée]fono|celular|chiama\w*|cellulare|bel|bellen|ring|nummer\w* (?:är|ist)|number is|"
    r"my number|meine nummer|mi n[úu]mero|ligar?|telem[óo]vel|telefonnummer|under|sous|al)\b[^\d\n]{0,24}$"
)
_NO_PHONE = re.compile(
    r"(?:\b(?:order|ord|ref\w*|ticket|case|invoice|booking|reservation|confirmation|customer|account|contract|policy|"
    r"serial|sn|imei|track\w*|parcel|shipment|model|article|item|sku|meter|member\w*|voucher|coupon|claim|complaint|"
    r"transaction|flight|pnr|registration|vin|isbn|ean|version|bestell\w*|auftrag\w*|rechnung\w*|kunden\w*|vertrag\w*|"
    r"sendung\w*|paket\w*|artikel\w*|zähler\w*|vorgang\w*|ticket\w*|commande|facture|client\w*|contrat|colis|suivi|"
    r"dossier|pedido|factura|cliente|contrato|env[ií]o|seguimiento|reserva|ordine|fattura|pratica|encomenda|fatura|"
    r"bestelling|klant\w*|factuur|beställning\w*|kund\w*|iban|konto\w*|account|card|id)\b|#)"
    r"[^\d.!?\n]{0,20}$"
)
# Free numbers are companies' own.
_FREE = re.compile(
    r"^(?:\+?1?8(?:00|88|77|66|55|44|33)\d{7}|0800|0808|0180|0900|00800|\+800|080\d|90[02]\d{6}$|13\d{4}$|1300|1800)"
)
_NATIONAL = re.compile(
    r"\(?[2-9]\d{2}\)?[ .-][2-9]\d{2}[ .-]\d{4}$|"  # North America
    r"07\d{3} ?\d{3} ?\d{3}$|\(?0[12]\d{2,4}\)? \d{3,4} ?\d{3,4}$|"  # United Kingdom
    r"0\d{2,4}[ /-]{1,3}\d{3,8}(?:[ -]\d{1,4})*$|01[567]\d[ /-]?\d{7,8}$|"  # Germany, Austria, Switzerland
    r"0[1-9](?:[ .-]\d{2}){4}$|0[67]\d{8}$|"  # France
    r"[67]\d{2} \d{3} \d{3}$|[67]\d{2}(?: \d{2}){3}$|"  # Spain
    r"3\d{2} \d{6,7}$|3\d{2} \d{3} \d{4}$|"  # Italy
    r"06[ -]\d{8}$|07\d[- ]\d{3} \d{2} \d{2}$|\(\d{2}\) 9?\d{4}-\d{4}$|04\d{2} \d{3} \d{3}$"  # the Netherlands, Sweden, Brazil, Australia
)
_DATE_LIKE = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?:\D.*)?$|(?:19|20)\d{2}[-–/ ]+(?:19|20)\d{2}$"
)


def _phones(text: str) -> Iterator[Found]:
    for match in _PHONE.finditer(text):
        said = match[0]
        digits = re.sub(r"\D", "", said)
        if not digits.isascii() or not 7 <= len(digits) <= 15 or _DATE_LIKE.match(said) or _FREE.match(digits):
            continue
        before = _before(text, match.start(), 44)
        sure = _phone_sure(said, digits, bool(_PHONE_WORD.search(before)), bool(_NO_PHONE.search(before)))
        if sure:
            yield Found(*match.span(), "phone", sure)


def _phone_sure(said: str, digits: str, asked_for: bool, other: bool) -> float:
    """How sure a run of digits is a telephone number; 0 where it is none."""
    abroad = said.startswith("+") or (said.startswith("00") and len(digits) >= 11)
    if abroad:
        number = digits[2:] if said.startswith("00") else digits
        known = any(number[:n] in DIALLING for n in (1, 2, 3)) and 8 <= len(number) <= 15
        return 0.97 if known and (said.startswith("+") or asked_for or not other) else 0.0
    if other:
        return 0.0
    if _NATIONAL.match(said):
        return 0.96 if asked_for else 0.8
    return 0.9 if asked_for and 7 <= len(digits) <= 12 else 0.0


STEP = Step("personal_data", VERSION, run, gives=("personal_data",), labels=(*KINDS, NOTHING))
