# ruff: noqa: E501, SIM905  (a pattern a line, lists as plain rows of words)
"""Where a message comes from or speaks of, as a country, and how that is known.

First what the text itself states ("here in Leeds", "your Berlin store", one of the company's own stores), then what
the author's profile says, then the country of the telephone number. `extra["by"]` says which: `stated`, `store`,
`profile` or `number`. A town that several countries have is settled by the profile or the number; where nothing
settles it the label is `und` and `extra["among"]` lists the countries.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from crowdalogue.analyze.document import UNDETERMINED, Document, Finding, Step
from crowdalogue.analyze.steps import countries
from crowdalogue.analyze.steps.catalogue import TOKEN, Catalogue, Entry, key
from crowdalogue.analyze.steps.cut import Cut, cut

VERSION = "1"

# Before a place that somebody is at, by language; "to" is left out, for a flight to Rome comes from anywhere.
_IN = frozenset(
    """
    in at from near around outside across aus bei nahe à a en au aux de desde nel nella da em no na uit te i från nära im
    """.split()
)
_AFTER_IN = frozenset(
    """
    the your our my central downtown north south east west northern southern city greater der die den dem eurer eurem ihrer
    ihrem la le les el los las vuestra vuestro votre vos
    """.split()
)
_SHOP = frozenset(
    """
    store stores shop branch outlet depot office warehouse airport station filiale laden geschäft magasin boutique agence
    tienda sucursal negozio loja winkel filiaal butik butiken
    """.split()
)
_HERE = frozenset("here based living live lives resident".split())
# Words of a language that are towns too: only with a word for "in" before them and a capital.
_COMMON = frozenset(
    """
    nice reading bath mobile split cork essen halle tours lens como bergen bali lincoln durham chester derby hull preston
    phoenix mesa buffalo columbus regina hamilton richmond arlington jordan chad turkey georgia fez giza cali lima león
    orange faro porto braga bari pisa lund graz linz ulm jena trier gent cannes brest angers nancy island us virginia
    victoria salvador fortaleza medina kano bonn bremen varna constance patras recife natal aden male center mendoza
    rosario santiago alexandria charlotte jackson madeira georgetown hamburg frankfurt wellington darwin cairns luton
    worcester carlisle rochester newark oakland sofia paris florence sydney perth chile china peru cuba mali
    """.split()
)
_MAYBE_ANYWAY = frozenset(
    "paris sydney perth china hamburg frankfurt bremen peru cuba wellington cairns luton bonn".split()
)
_RISKY = _COMMON - _MAYBE_ANYWAY
_NUMBER = re.compile(r"\+\d[\d ()./-]{6,16}\d")


class Where(NamedTuple):
    """A name's countries, and whether the name is that of a country itself."""

    countries: tuple[str, ...]
    country: bool


class Gazetteer(NamedTuple):
    """Names of places as a catalogue whose entries stand in `places` in the same order."""

    names: Catalogue
    places: tuple[Where, ...]
    first: frozenset[str]  # the first word of each, in lower case


def gazetteer(stores: tuple[tuple[str, str], ...] = ()) -> Gazetteer:
    """Names of countries and towns, and of (name, country) of own stores, ready to be looked for."""
    listed: dict[str, tuple[set[str], set[str], bool, str]] = {}
    for code, names in countries.names().items():
        for name in names:
            _list(listed, code, name, country=True)
    for code, name, others in countries.towns():
        for each in (name, *filter(None, others.split("|"))):
            _list(listed, code, each, country=False)
    for name, code in stores:
        _list(listed, code, name + "!", country=False)
    rows = [(shown, tuple(sorted(meant or codes)), country) for codes, meant, country, shown in listed.values()]
    catalogue = Catalogue((Entry(shown, shown) for shown, _, _ in rows), slips=False, parts=False)
    places = tuple(Where(codes, country) for _, codes, country in rows)
    return Gazetteer(catalogue, places, frozenset(TOKEN.findall(shown.lower())[0] for shown, _, _ in rows))


def _list(listed: dict[str, tuple[set[str], set[str], bool, str]], code: str, name: str, *, country: bool) -> None:
    meant = name.endswith("!")
    name = name.rstrip("!").strip()
    tokens = TOKEN.findall(name)
    if not tokens:
        return
    same = " ".join(key(token) for token in tokens)
    codes, marked, was_country, shown = listed.get(same, (set(), set(), country, name))
    codes.add(code)
    if meant or (country and not was_country):
        marked.add(code)
    listed[same] = (codes, marked, was_country or country, shown)


@lru_cache(maxsize=1)
def world() -> Gazetteer:
    return gazetteer()


def run(documents: list[Document]) -> None:
    """Find `place` where one is known: a country's two letters or `und`, with `extra` by, name and among."""
    for document in documents:
        known: Gazetteer = document.known.get("places") or world()
        finding = _of(document, known)
        if finding is not None:
            document.findings["place"] = finding


def _of(document: Document, known: Gazetteer) -> Finding | None:
    stated = _stated(cut(document), known)
    profile = str(document.facts.get("place") or "")
    number = countries.of_phone(str(document.facts.get("phone") or ""))
    if stated is None and not profile and not number:
        return None
    home, name = of_profile(profile, known) if profile else ((), "")
    if stated is not None:
        return _finding_of(stated, home, number)
    if len(home) == 1:
        return Finding(home[0], 0.9, version=VERSION, extra={"by": "profile", "name": name})
    if number:
        sure = 0.9 if number in home or not home else 0.7
        return Finding(number, sure, version=VERSION, extra={"by": "number"})
    if home:
        extra = {"by": "profile", "name": name, "among": list(home)}
        return Finding(UNDETERMINED, round(1 / len(home), 2), version=VERSION, extra=extra)
    return None


class _Stated(NamedTuple):
    span: tuple[int, int]
    name: str
    codes: tuple[str, ...]
    sure: float
    store: bool


def _finding_of(stated: _Stated, home: tuple[str, ...], number: str) -> Finding:
    by = "store" if stated.store else "stated"
    codes = stated.codes
    if len(codes) > 1:
        likely = [code for code in codes if code in home or code == number]
        codes = tuple(likely) if len(likely) == 1 else codes
    if len(codes) == 1:
        return Finding(codes[0], stated.sure, (stated.span,), VERSION, extra={"by": by, "name": stated.name})
    extra = {"by": by, "name": stated.name, "among": list(codes)}
    return Finding(UNDETERMINED, round(1 / len(codes), 2), (stated.span,), VERSION, extra=extra)


def _stated(words: Cut, known: Gazetteer) -> _Stated | None:
    """The place that a text says it is about; the surest, then the first."""
    if words.known.isdisjoint(known.first):
        return None
    best: _Stated | None = None
    before = ""
    for i, word in enumerate(words.words):
        if word in known.first and (before in _BEFORE or words.text[words.spans[i][0]] != word[0]):
            hit = _at(words, known, i)
            if hit is not None and (best is None or hit.sure > best.sure):
                best = hit
        before = word
    return best


_BEFORE = _IN | _AFTER_IN


def _at(words: Cut, known: Gazetteer, i: int) -> _Stated | None:
    matches = known.names.find(words.words[i : i + 8])
    if not matches or matches[0].start != 0:
        return None
    last = i + matches[0].end - 1
    start, end = words.spans[i][0], words.spans[last][1]
    name = words.text[start:end]
    where = known.places[matches[0].entries[0]]
    sure, store, codes = _sure(words, i, last, name, where, known), _near_shop(words, i, last), where.countries
    if sure == 0.0:
        return None
    after = _country_after(words, known, last)
    if after and not where.country:
        codes, sure = (tuple(c for c in codes if c in after) or after), 0.95
    return _Stated((start, end), name, codes, sure, store)


def _near_shop(words: Cut, first: int, last: int) -> bool:
    around = words.words[max(0, first - 2) : first] + words.words[last + 1 : last + 2]
    return any(word in _SHOP for word in around)


def _sure(words: Cut, i: int, last: int, name: str, where: Where, known: Gazetteer) -> float:
    """How sure a name speaks of where somebody is; 0 where it may be any word, or the end of a journey."""
    capital = name[0].isupper()
    shouted = words.text.isupper()
    before = words.words[i - 1] if i else ""
    if before in _AFTER_IN and i > 1:
        before = words.words[i - 2] if words.words[i - 2] in _IN else before
    at = before in _IN
    risky = key(words.words[i]) in _RISKY and i == last
    if risky and not (at and capital and not shouted):
        return 0.0
    following = words.words[last + 1] if last + 1 < len(words.words) else ""
    if before == "from" and following in ("to", "-"):
        return 0.0
    if before in ("flight", "flights", "fly", "flying", "to", "nach", "hacia"):
        return 0.0
    if _near_shop(words, i, last):
        return 0.93 if capital or at else 0.8
    if at and capital:
        return 0.92 if not where.country or before != "from" else 0.88
    if at and not risky and len(name) > 3:
        return 0.8
    if following == "here" or before in _HERE:
        return 0.9
    if capital and not shouted and _country_after(words, known, last):
        return 0.9
    return 0.0


def _country_after(words: Cut, known: Gazetteer, last: int) -> tuple[str, ...]:
    """The country that follows a town after a comma ("Leeds, UK")."""
    end = words.spans[last][1]
    if words.low[end : end + 2] != ", " or last + 1 >= len(words.words):
        return ()
    nearby = words.words[last + 1 : last + 5]
    matches = known.names.find(nearby)
    if matches and matches[0].start == 0 and known.places[matches[0].entries[0]].country:
        return known.places[matches[0].entries[0]].countries
    state = words.text[words.spans[last + 1][0] : words.spans[last + 1][1]]
    return ("US",) if state in _STATES else ("CA",) if state in _PROVINCES else ()


_STATES = frozenset(
    """
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC
    SD TN TX UT VT VA WA WV WI WY DC
    """.split()
)
_PROVINCES = frozenset("ON QC BC AB MB SK NS NB NL PE".split())


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(TOKEN.findall(text))


def of_profile(text: str, known: Gazetteer | None = None) -> tuple[tuple[str, ...], str]:
    """The countries a profile's place may mean, and the words that say so: ("GB",), "Leeds" of "Leeds, UK"."""
    known = known or world()
    pieces = [piece.strip() for piece in re.split(r"[,/|·•;()\n]| - | & | and ", text[:120]) if piece.strip()]
    towns: tuple[tuple[str, ...], str] = ((), "")
    for piece in reversed(pieces):
        if len(pieces) > 1 and piece in _STATES:
            return ("US",), pieces[0]
        if len(pieces) > 1 and piece in _PROVINCES:
            return ("CA",), pieces[0]
        tokens = list(_tokens(piece))
        if len(piece) == 2 and piece.isupper() and piece in countries.names():
            return (piece,), pieces[0]
        for match in known.names.find(tokens):
            where = known.places[match.entries[0]]
            if where.country:
                return where.countries, pieces[0]
            if match.end - match.start == len(tokens) or len(pieces) == 1:
                towns = (where.countries, piece)
    return towns


STEP = Step("place", VERSION, run, gives=("place",))
