"""What a group of messages is about, in the words of those who wrote them.

Words and pairs of words are counted once a message. Those that stand out in one group against all others, by
log-odds with an informative Dirichlet prior (the shares over all messages), are its words; the name is the best
one or two, as customers say them together where many do ("verify my identity"). A group without any is named after the
message at its middle.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze.topic_spans import together
from crowdalogue.text.normalise import LINK, NAMED, visible

PRIOR = 500.0  # messages that the prior weighs
SURE = 1.28  # z from which on a phrase stands out; among few messages none reaches more
SHARE = 0.04  # of the group's messages that a phrase of its name stands in
WORDS = 12  # phrases kept for a group
LONGEST = 60  # characters of a name taken from a message
PAIRED = 0.8  # share of those who say a word that say it in one and the same pair
LOOKED_AT = 100  # messages of a group in which is looked for how its words are said together
READ = 2000  # characters of a message that are looked at
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_CODE = re.compile(r"(?<!\w)[^\W\d_]{1,5}[-#]?\d{3,}\w*")  # numbers of orders: AB-12345
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

# What says nothing by itself, in the languages that are read without a translator.
_STOP_WORDS = """
    a about above after again against ago ain't all almost also already although always am an and another any
    anybody anymore anyone anything anyway are aren't around as ask at away back be became because been before being
    below between both but by bye came can can't cannot cant come could couldn't did didn't didnt do does doesn't
    doesnt doing don't done dont down due during each either else enough etc even ever every everyone everything few
    for from further gave get gets getting give given go goes going gone gonna good got gotten had hadn't happen
    happened happening has hasn't have haven't having he he'd he'll he's hello help her here here's hers herself hey
    hi him himself his how how's however i i'd i'll i'm i've id if ill im in instead into is isn't isnt it it'd
    it'll it's its itself ive just keep keeps kept kind know knows last least less let let's like likely literally
    long look looking looks lot lots made make makes making many may maybe me mean might mine more most much must my
    myself need needed needing needs neither never next no nobody none nor not nothing now of off often oh ok okay
    on once one ones only onto or other others otherwise ought our ours ourselves out over own per perhaps please
    pls possible probably put quite rather re really right said same saw say says see seem seems seen several shall
    she she's should shouldn't show since so some somebody somehow someone something sometimes soon sorry still
    stuff such sure take takes taking tell than thank thanks that that's thats the their theirs them themselves then
    there there's these they they'd they'll they're they've thing things think this those though through thru til
    till to today together too took tried tries try trying u under unless until up upon ur us use used uses using
    usually ve very via wanna want wanted wants was wasn't wasnt way we we'd we'll we're we've well went were
    weren't what what's whatever whats when when's where where's whether which while who who's whoever whole whom
    whose why why's will with within without won't wont would wouldn't yeah yes yet you you'd you'll you're you've
    your yours yourself aber alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist bitte da
    damit dann das dass dein deine dem den denn der des dich die dies diese diesem diesen dieser dieses doch dort du
    durch ein eine einem einen einer eines er es etwas euch euer eure für gegen hab habe haben hallo hat hatte
    hatten hier hin ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jeder jetzt kann kannst kein
    keine keinen können könnte leider man mehr mein meine meinem meinen meiner mich mir mit muss nach nicht nichts
    noch nun nur ob oder ohne schon sehr sein seine seit sich sie sind so soll sondern über um und uns unser unsere
    unter viel vom von vor wann war waren warum was weil wenn wer werde werden wie wieder will wir wird wo wurde
    würde zu zum zur ai ainsi alors au aucun aussi autre aux avec avez avoir avons bien bonjour c'est ça car ce ceci
    cela ces cet cette ceux chez comme comment d'un d'une dans de depuis des donc du elle elles en encore entre est
    et étaient était été être eu fait faire fois font il ils j'ai je jamais jusqu l'on la le les leur leurs lui ma
    mais me même merci mes moi mon n'est ne ni nos notre nous on ont ou où par parce pas peu peut plus pour pourquoi
    pouvez qu'il quand que quel quelle qui quoi s'il sa sans se sera ses si son sont suis sur ta te tes toi ton
    toujours tous tout toute toutes très tu un une va vers voici vos votre vous al algo algún ante antes aquí así
    aún aunque buenas buenos cada como cómo con contra cual cuál cuando cuándo cuanto de del desde donde dónde dos
    el él ella ellas ellos en entre era eres es esa ese eso esta está están estar este esto estos estoy fue ha había
    han has hasta hay he hola la las le les lo los más me mi mí mis mucho muy nada ni no nos nosotros nuestra
    nuestro o os otra otro para pero poco por porque pues puede puedo que qué quien quién quiero se sea ser si sí
    sido sin sobre solo sólo son soy su sus también tan tanto te tengo ti tiene todo todos tu tú un una uno unos
    usted y ya yo att av blev bli blir bra bör både där därför de dem den denna deras dess det detta dig din dina
    ditt du då efter eller en er era ett få fått för från går ha hade han har hej hela henne hennes hon honom hos
    hur här i icke in ingen inget inte ju jag kan kunde man med mellan men mig min mina mitt mot mycket ni nu när
    någon något några och om oss på samma sedan sig sin sina sitt ska skulle som så tack till under upp ut utan vad
    var vara varför varit varje vem vi vid vilka vilken vill vår våra vårt än är även åt över
"""
# How letters begin and end.
_POLITE_WORDS = """
    dear sir madam regards sincerely cheers greetings danke dank dankeschön vielen liebe lieber grüße grüßen gruß
    freundliche freundlichen geehrte geehrter geehrten damen herren merci madame monsieur cordialement salut bonsoir
    gracias saludos estimado estimada estimados señor señora señores muchas hälsning hälsningar mvh hejsan tjena
    vänliga vänlig
"""
_STOP = frozenset([*_STOP_WORDS.split(), *_POLITE_WORDS.split()])
# Behind a word they make another one of it: "top up", "log out", "money back".
_PARTICLES = frozenset({"up", "off", "out", "down", "back"})


@dataclass(frozen=True)
class Named:
    """A group's name and its words: (phrase, z, messages of the group that say it), most telling first."""

    name: str
    words: tuple[tuple[str, float, int], ...]


def names(
    said: Sequence[set[str]], groups: NDArray[np.int64], middles: Sequence[str], texts: Sequence[str] = ()
) -> list[Named]:
    """Name each of the groups 0 to len(middles) - 1.

    `said` are the phrases of each message, `groups` says which group each is in, `middles` the message at each
    group's middle, `texts` the messages, if their words shall stand as they are said together. Names are never empty,
    never shared by two groups, and depend on the messages alone.
    """
    count = len(middles)
    found = _standing_out(said, groups, count)
    sizes = np.bincount(groups, minlength=count)
    taken: set[str] = set()
    result: list[Named | None] = [None] * count
    for group in np.lexsort((np.arange(count), -sizes)):  # the largest has the first choice
        words = found[group]
        candidates = _candidates(words, int(sizes[group]), middles[group])
        if texts and words:
            here = np.flatnonzero(groups == group).tolist()
            candidates = _as_said(candidates[0], said, texts, here) + candidates
        name = _free(candidates, taken)
        taken.add(name.casefold())
        result[group] = Named(name, tuple(words[:WORDS]))
    return [named for named in result if named is not None]


def phrases(text: str) -> set[str]:
    """The words of a text, and its pairs of neighbouring words, without those that say nothing by themselves."""
    text = visible(text[:READ])
    if "@" in text:
        text = NAMED.sub(" . ", _ADDRESS.sub(" . ", text))
    if "://" in text or "www." in text:
        text = LINK.sub(" . ", text)
    found: set[str] = set()
    before, end = "", -9
    for hit in _WORD.finditer(_CODE.sub(" . ", text.casefold())):
        word = hit[0].replace("’", "'").removesuffix("'s")
        telling = len(word) > 1 and word not in _STOP and not word.isdigit()
        if telling:
            found.add(word)
            if before and hit.start() - end <= 1 and before != word:
                found.add(f"{before} {word}")
        elif before and word in _PARTICLES and hit.start() - end <= 1:
            found.add(f"{before} {word}")
        before, end = (word if telling else ""), hit.end()
    return found


def _standing_out(
    said: Sequence[set[str]], groups: NDArray[np.int64], count: int
) -> list[list[tuple[str, float, int]]]:
    """For each group its phrases with z and the number of its messages that say them, most telling first."""
    inside: list[Counter[str]] = [Counter() for _ in range(count)]
    for spoken, group in zip(said, groups.tolist(), strict=True):
        inside[group].update(spoken)
    everywhere: Counter[str] = Counter()
    for counted in inside:
        everywhere.update(counted)
    sizes = np.bincount(groups, minlength=count)
    return [
        _ranked(inside[group], everywhere, int(sizes[group]), len(said)) if sizes[group] else []
        for group in range(count)
    ]


def _ranked(inside: Counter[str], everywhere: Counter[str], size: int, total: int) -> list[tuple[str, float, int]]:
    """Monroe's log-odds over messages: z of each phrase that more than one message of the group says."""
    known = sorted(p for p, n in inside.items() if n > 1 or size == 1)
    if not known:
        return []
    here = np.array([inside[p] for p in known], np.float64)
    there = np.array([everywhere[p] for p in known], np.float64)
    weight = min(PRIOR, total)
    prior = weight * there / total + 0.01
    in_odds = np.log(here + prior) - np.log(size + weight - here - prior + 1)
    out_odds = np.log(there - here + prior) - np.log(total - size + weight - (there - here) - prior + 1)
    z = (in_odds - out_odds) / np.sqrt(1 / (here + prior) + 1 / (there - here + prior))
    order = sorted(range(len(known)), key=lambda i: (-z[i], known[i]))
    chosen = [i for i in order if z[i] > 0][: 3 * WORDS]
    return [(known[i], round(float(z[i]), 2), int(here[i])) for i in chosen]


def _candidates(words: list[tuple[str, float, int]], size: int, middle: str) -> list[str]:
    """Names that would do, best first."""
    least = max(2, SHARE * size)
    telling = [(p, n) for p, z, n in words if z >= SURE and n >= least]
    said = dict(telling)
    # A pair says more than its words, where most of those who say one of them say the pair.
    whole = [p for p, n in telling if " " in p and n >= 0.5 * max(said.get(w, n) for w in p.split())]
    covered = {w for p in whole for w in p.split()}
    picked = [p for p, _ in telling if p in whole or (" " not in p and p not in covered)]
    picked += [p for p, _ in telling if p not in picked]
    fuller = {p: _fuller(p, telling) for p in picked}
    grown = {whole for p, whole in fuller.items() if whole != p}
    picked = list(dict.fromkeys(fuller.values()))
    out = _joined(_led(picked, grown))
    return [*out, _shortened(middle)]


def _fuller(phrase: str, telling: list[tuple[str, int]]) -> str:
    """A phrase that is hardly said but within one pair more, as all of that: "top ups" for "ups", "drift robot vacuum"
    for "drift robot"."""
    said = dict(telling)
    pairs = {tuple(p.split()): n for p, n in telling if " " in p}
    words = phrase.split()
    if len(words) == 1:
        around = [(n, " ".join(p)) for p, n in pairs.items() if phrase in p]
    else:
        around = [(n, f"{phrase} {p[1]}") for p, n in pairs.items() if p[0] == words[-1] and p[1] not in words]
        around += [(n, f"{p[0]} {phrase}") for p, n in pairs.items() if p[1] == words[0] and p[0] not in words]
    often = [(n, p) for n, p in around if n >= PAIRED * said[phrase]]
    return max(often)[1] if often else phrase


def _led(picked: list[str], grown: set[str]) -> list[str]:
    """What a word has grown to first where it holds the first phrase ("exchange", and "exchange rates" of "rates"), or
    goes on from it ("disposable virtual", and "virtual cards" of "cards")."""
    for second in [p for p in picked[1:3] if p in grown]:
        first, other = picked[0].split(), second.split()
        if set(first) < set(other):
            return [second, *(p for p in picked[1:] if p != second)]
        if len(first) == len(other) == 2 and first[-1] == other[0]:
            return [" ".join([*first, *other[1:]]), *(p for p in picked[1:] if p != second)]
    return picked


def _as_said(name: str, said: Sequence[set[str]], texts: Sequence[str], here: Sequence[int]) -> list[str]:
    """The words of a name as customers say them together, if they do; `here` are the messages of the group."""
    parts = name.split(", ")
    if len(parts) != 2:
        return []
    words = [word for part in parts for word in part.split()]
    telling = [word for word in words if word not in _STOP]
    both = [i for i in here if said[i].issuperset(telling)]
    some = both[:: max(1, -(-len(both) // LOOKED_AT))]
    found = together(words, (texts[i] for i in some), _STOP)
    return [found] if found else []


def _joined(picked: list[str]) -> list[str]:
    """The best phrase with the best that adds another word; then with the next ones; then three."""
    if not picked:
        return []
    first = picked[0]
    others = [p for p in picked[1:8] if not _same_words(p, first)]
    pairs = [f"{first}, {other}" for other in others]
    triples = [f"{first}, {others[0]}, {other}" for other in others[1:] if not _same_words(other, others[0])]
    return [*(pairs or [first]), *triples]


def _same_words(one: str, other: str) -> bool:
    """Whether two phrases share a word or a form of one: "verify" and "verifying"."""
    return any(_same(a, b) for a in one.split() for b in other.split())


def _same(a: str, b: str) -> bool:
    return a == b or f"{a}s" == b or f"{b}s" == a or (len(a) > 3 and a[:4] == b[:4])


def _shortened(message: str) -> str:
    """A message as a name: its first words, whole."""
    text = " ".join(visible(message).split())
    if len(text) <= LONGEST:
        return text or "no words"
    cut = text[:LONGEST]
    return (cut[: cut.rfind(" ")] if " " in cut[LONGEST // 2 :] else cut) + "…"


def _free(candidates: list[str], taken: set[str]) -> str:
    for name in candidates:
        if name.casefold() not in taken:
            return name
    number = 2
    while f"{candidates[0]} ({number})".casefold() in taken:
        number += 1
    return f"{candidates[0]} ({number})"
