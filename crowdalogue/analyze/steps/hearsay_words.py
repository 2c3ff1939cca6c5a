# ruff: noqa: E501  (a pattern a line, lists as plain rows of words)
"""Words that tell whose story it is: the writer's own, or what others said.

First-hand is "my parcel", "I ordered", "we stayed"; hearsay is "a friend's", "I heard", "according to", a shared
headline. Where both stand in a text, what is said of others wins only if the writer does nothing themselves.
"""

from __future__ import annotations

import re

from crowdalogue.analyze.steps.cut import Cut

FIRST_HAND, HEARSAY = "first_hand", "hearsay"
Spans = tuple[tuple[int, int], ...]

_DID = (
    "ordered|bought|purchased|received|got|paid|called|phoned|rang|emailed|mailed|wrote|contacted|tried|waited|visited|"
    "stayed|flew|booked|returned|cancelled|canceled|signed up|subscribed|downloaded|installed|opened|used|ate|asked|"
    "reported|complained|switched|joined|registered|chatted|spoke|tweeted|messaged|sent|unpacked|assembled|charged|spent|"
    "lost|missed|noticed|upgraded|updated|transferred|deposited|logged|picked|placed|plugged|travelled|traveled|went|had|"
    "came|arrived|found|cannot|can't|cant|couldn't|couldnt|keep|need|want|am trying|am waiting|just"
)
_MINE = (
    "order|orders|parcel|package|delivery|account|card|phone|flight|bag|bags|luggage|suitcase|seat|room|booking|reservation|"
    "refund|payment|bill|invoice|subscription|contract|internet|wifi|router|app|laptop|tv|ticket|money|password|kettle|"
    "machine|car|bank|line|service|connection|number|name|address|purchase|item|items|phone's|experience|stay|meal|food|"
    "email|mail|broadband|signal|data|plan|router|flights|trip|claim|transfer|top up|device|device's|update|battery|screen"
)
# What tells of oneself: the words it begins with -> how it goes on. Read in lower case, at those words only.
_OWN = (
    (
        "i we i've we've i'd ive",
        rf"(?: have| had| just| also| finally| recently| only| already| then| even| never| did)* (?:{_DID})\b",
    ),
    (
        "i i'm im i've we we're we've",
        r"(?: am| was| are| were| been| have been)? (?:\w+ )?(?:waiting|trying|having|using|getting|on hold|stuck|charged|being|"
        r"told|sitting|paying|locked|unable|a customer|left|missing)\b",
    ),
    ("my our mine", rf"(?: \w+){{0,2}}? (?:{_MINE})\b"),
    ("mine", r" (?:is|was|has|arrived|broke|came|stopped)\b"),
    ("charged told sent gave cost refused ignored helped answered promised owe left happened", r"(?: to)? (?:me|us)\b"),
    ("off", r" mine\b"),
    # German
    (
        "ich wir",
        r" (?:habe?|haben|hatten?|bin|war(?:en)?|warten?|bekomme|bekam|kaufte|bestellte|versuche|kann|möchte|brauche)\b",
    ),
    ("habe hab haben hatte bin warte bekomme kann", r" (?:ich|wir)\b"),
    (
        "mein meine meinen meiner meinem unser unsere unseren unserer",
        r" (?!(?:freund|nachbar|schwester|bruder|mutter|vater|kolleg|bekannt|oma|opa|tante|onkel|schwager|cousin))\w+",
    ),
    (
        "habe hab",
        r" (?:gestern|heute|vor|letzte|schon|mir|am|seit|das|den|die|ein|eine|einen)\b(?!.{0,20}(?:gehört|gelesen))",
    ),
    # French
    ("j'ai j'avais j'attends j'étais", r"\b(?! (?:entendu|lu)\b)"),
    ("je", r" (?:suis|n'ai|ne|reçois|viens|attends)\b"),
    ("nous", r" (?:avons|attendons|sommes)\b"),
    (
        "mon ma mes notre nos",
        r" (?!(?:ami|voisin|sœur|soeur|frère|mère|père|collègue|cousin|oncle|tante|copine|copain|grand))\w+",
    ),
    # Spanish
    ("he hemos había", r" (?!leído|oído)(?:\w+[aií]do|hecho|visto|puesto|vuelto|escrito)\b"),
    ("compré pedí pagué llamé recibí esperé reservé contraté intenté devolví llevo tengo estoy", r"\b"),
    ("me", r" (?:llegó|llegaron|cobraron|han (?!dicho)|enviaron|mandaron)"),
    ("mi mis", r" (?!(?:amig|vecin|herman|madre|padre|compañer|prim|tí|cuñad|jef|suegr))\w+"),
    ("nuestro nuestra", r" (?!(?:amig|vecin))\w+"),
    # Italian, Portuguese, Dutch, Swedish
    ("ho abbiamo", r" (?!sentito|letto)(?:\w+(?:ato|uto|ito|eso|sto|tto))\b"),
    ("il la i le", r" mi(?:o|a|ei|e) (?!(?:amic|vicin|sorella|fratello|collega|cugin))\w+"),
    ("comprei recebi paguei liguei esperei fiz tentei encomendei estou tenho", r"\b"),
    ("meu minha meus minhas", r" (?!(?:amig|vizinh|irm|colega|prim|cunhad))\w+"),
    ("ik we wij", r" (?:heb|hebben|wacht|kreeg|kocht|bestelde|had|ben|probeer)\b"),
    ("heb", r" ik\b"),
    ("mijn onze", r" (?!(?:vriend|buur|buren|zus|broer|moeder|vader|collega|neef|oom|tante))\w+"),
    ("jag vi", r" (?:har|beställde|köpte|fick|väntar|försöker|ringde|betalade)\b"),
    ("har", r" jag\b"),
    ("min mitt mina vår vårt", r" (?!(?:vän|grann|syster|bror|mamma|pappa|kolleg|kompis|kusin|moster|faster))\w+"),
)
# Whose story it is when they are the ones who tell, and those whose affairs are rarely one's own.
_HOME = "sister|brother|mum|mom|mother|dad|father|wife|husband|partner|girlfriend|boyfriend|son|daughter|gran|grandma|grandpa|nan"
_AWAY = (
    "friend|friends|mate|mates|neighbou?r|neighbou?rs|cousin|aunt|uncle|colleague|colleagues|co-?worker|boss|flatmate|roommate|"
    "nephew|niece|buddy|in-laws?|parents|sister|brother"
)
_TELL = (
    "says?|said|told|tells|swears?|reckons?|claims?|heard|read|recommended|complains?|complained|warned|raves?|thinks?"
)
_LIVE = (
    "had|has|have|got|bought|ordered|waited|tried|uses?|used|paid|switched|lost|went|works?|worked|gets?|never|stayed|booked|"
    "flew|received|returned|cancelled|was|were|owns?"
)
_THEM = (
    "friend|friends|mate|neighbour|neighbor|neighbours|neighbors|cousin|colleague|colleagues|coworker|boss|buddy|guy"
)
_STAFF = (
    r"(?! (?:by |from )?(?:your|the|ur|an?) (?:agent|agents|staff|team|driver|rep|reps|support|customer|courier|store|shop|"
    r"colleague|cs|clerk|advisor|operator|bot|chat|crew|desk|manager|website|app)\w*)"
)
# What passes on the word of others, in the same way.
_OTHERS = (
    ("my our his her", rf"(?: \w+)? (?:{_HOME}) (?:{_TELL})\b"),
    (
        "my our his her one a",
        rf"(?: of my)?(?: \w+)? (?:{_AWAY})(?: of mine)?(?:'s \w+| (?:also |just )?(?:{_TELL}|{_LIVE}))\b",
    ),
    (_THEM, r" of (?:mine|ours)\b"),
    (
        "i i've i'm",
        r"(?: have| am| was)?(?: just| only| also| recently)? (?:heard|hear|hearing|read (?:somewhere|that|about|on|in|they|an?)|saw (?:an? (?:post|report|tweet|review|video)|on|that|somewhere)|seen (?:a|on|that|people))\b"
        r"(?! (?:back|from you|nothing|anything|your|the phone|my|you\b))",
    ),
    ("i we", rf" (?:was|were) told{_STAFF}(?= (?:that )?(?:they|people|by (?:a|my|some)))"),
    ("read heard", r" (?:somewhere|that|on (?:the|twitter|reddit|facebook)|in the|about)\b"),
    (
        "apparently allegedly reportedly supposedly rumour rumours rumor rumors angeblich gerüchte gerücht apparemment "
        "supuestamente rumores aparentemente schijnbaar blijkbaar tydligen ryktet enligt laut selon según volgens hearsay",
        r"\b",
    ),
    ("word", r" is\b"),
    ("they people some everyone everybody", r" (?:say|says|are saying|claim)\b"),
    ("according", r" to\b"),
    ("it", r" is said"),
    ("sources", r" say"),
    ("as", r" reported"),
    ("told", r" me (?:that )?(?:they|their|his|her|she|he)\b"),
    ("someone somebody", r" (?:told|said|posted|wrote|i know)\b"),
    ("report reports study", r" (?:that|say|says|of|claim|claims|finds)\b"),
    ("announces announced announcing unveils unveiled acquires", r"\b"),
    ("to", r" acquire\b"),
    ("shares stock profit profits", r" (?:fall|rise|drop|slide|jump)s?\b"),
    ("breaking", r":| news"),
    ("rt via", r" @"),
    (
        "mein meine meiner meinem ein eine einer unser unsere der die",
        r" (?:\w+ )?(?:freund|freundin|freunde|nachbar|nachbarin|nachbarn|schwester|bruder|mutter|vater|kollege|kollegin|bekannte|"
        r"bekannter|oma|opa|tante|onkel|schwager|cousin|cousine) (?:hat|hatte|haben|sagt|sagte|meint|erzählt|war|waren|ist|musste|wartet)\b",
    ),
    ("habe hab ich", r"(?: habe?)?(?: \w+){0,2} (?:gehört|gelesen)\b"),
    ("soll", r" angeblich"),
    ("man", r" (?:sagt|hört|liest)\b"),
    ("heißt", r" es\b"),
    ("wie", r" ich (?:lese|höre)\b"),
    (
        "mon ma mes un une notre nos",
        r" (?:ami|amie|amis|voisin|voisine|voisins|sœur|soeur|frère|mère|père|collègue|collègues|cousin|cousine|oncle|tante|copine|"
        r"copain|grand-mère) (?:dit|m'a|a|ont|avait|est|trouve|raconte|pense)\b",
    ),
    ("il", r" paraît"),
    ("paraît", r"[- ](?:il|que)"),
    ("j'ai", r" (?:entendu|lu)\b"),
    ("d'après", r"\b"),
    ("on", r" (?:dit|m'a dit|raconte)\b"),
    ("soi", r"-disant"),
    ("la", r" rumeur"),
    (
        "mi mis un una nuestro nuestra",
        r" (?:amig[oa]s?|vecin[oa]s?|herman[oa]s?|madre|padre|compañer[oa]s?|prim[oa]s?|tí[oa]|cuñad[oa]|suegr[oa]) (?:dice|dijo|me|tuvo|tiene|compró|esperó|ha|estuvo|tuvieron)\b",
    ),
    ("dicen", r" que\b"),
    ("se", r" dice"),
    ("he", r" (?:oído|leído|escuchado)\b"),
    ("al", r" parecer"),
    ("por", r" lo visto"),
    ("me", r" (?:han dicho|dijeron que)"),
    ("un una il la mio mia", r" (?:mi[oa] )?(?:amic[oa]|vicin[oa]|fratello|sorella|collega|cugin[oa])\b"),
    ("secondo un'amica", r"\b"),
    ("a", r" quanto pare"),
    ("dicono pare", r" che\b"),
    ("ho", r" (?:sentito|letto) che"),
    ("si", r" dice"),
    ("meu minha um uma", r" (?:amig[oa]|vizinh[oa]|irmã|irmão|colega|prim[oa]|cunhad[oa])\b"),
    ("dizem parece", r" que\b"),
    ("ouvi", r" (?:dizer|que|falar)"),
    ("segundo", r" (?:a|o|um|uma)\b"),
    (
        "mijn een onze",
        r" (?:vriend|vriendin|vrienden|buurman|buurvrouw|buren|zus|broer|moeder|vader|collega|neef|oom|tante)\b",
    ),
    ("naar", r" verluidt"),
    ("ik", r" (?:hoorde|las)\b"),
    ("men", r" zegt"),
    ("gehoord gelezen gehört gelesen", r",? da(?:t|ss)\b"),
    ("min en vår", r" (?:vän|väninna|granne|syster|bror|mamma|pappa|kollega|kompis|kusin|moster|faster)\b"),
    ("jag", r" (?:hörde|läste)\b"),
    ("det", r" sägs"),
    ("hört läst", r" att"),
)


def _table(rows: tuple[tuple[str, str], ...]) -> dict[str, re.Pattern[str]]:
    """First word -> everything that may follow it."""
    follows: dict[str, list[str]] = {}
    for firsts, rest in rows:
        for first in re.split(r"[ |]", firsts):
            follows.setdefault(first.replace("?", ""), []).append(rest)
    return {first: re.compile("|".join(f"(?:{rest})" for rest in rests)) for first, rests in follows.items()}


_TELLS_OWN, _TELLS_OTHERS = _table(_OWN), _table(_OTHERS)
_ANY = frozenset((*_TELLS_OWN, *_TELLS_OTHERS))


def found(words: Cut) -> tuple[str, Spans] | None:
    """Whose story the words tell and where they stand; None where neither side has a word."""
    if words.known.isdisjoint(_ANY):
        return None
    at = [i for i, word in enumerate(words.words) if word in _ANY]
    others = _search(words, at, _TELLS_OTHERS)
    mine = _search(words, at, _TELLS_OWN, but=others)
    if others is None:
        return None if mine is None else (FIRST_HAND, (mine,))
    if mine is None:
        return HEARSAY, (others,)
    # Both: who begins with themselves, or goes on to act ("so I bought one"), tells their own story.
    acts = words.low[mine[0] : mine[0] + 2] in ("i ", "i'")
    return (FIRST_HAND, (mine,)) if mine[0] < others[0] or acts else (HEARSAY, (others, mine))


def _search(
    words: Cut, at: list[int], table: dict[str, re.Pattern[str]], but: tuple[int, int] | None = None
) -> tuple[int, int] | None:
    """The first of the words at these places that a table holds, apart from those that begin within `but`."""
    low = words.low
    for i in at:
        follows = table.get(words.words[i])
        if follows is not None:
            start, end = words.spans[i]
            if but is None or not but[0] <= start < but[1]:
                match = follows.match(low, end)
                if match is not None:
                    return start, match.end()
    return None
