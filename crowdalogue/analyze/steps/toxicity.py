# ruff: noqa: E501  (lists as plain rows of words)
"""Whether a message is rude (insults, contempt) or abusive (threats, wishes of harm); nothing where it is civil.

To be called rude is a reproach, so two have to agree: a head that was trained on examples, and our own list of insults
and threats; the list says which of the two it is. Where only one of them says so, nothing is found. Anger, strong words in
joy and a report of somebody else's rudeness are civil. See docs/models/toxicity.md for how far to trust it.
"""

from __future__ import annotations

import dataclasses
import re

from crowdalogue.analyze.document import NOTHING, READ_CHARACTERS, Document, Finding
from crowdalogue.analyze.steps import head

NAME = "toxicity"
RUDE, ABUSIVE = "rude", "abusive"
# What the head must believe besides a word of the list, and how often both are right together (docs/models).
WITH_WORD = 0.3
RIGHT = {RUDE: 0.85, ABUSIVE: 0.9}

_INSULTS = re.compile(
    r"\b(?:idiot\w*|moron\w*|imbecil\w*|cretin\w*|clowns?|muppets?|donkeys?|jackass\w*|dumb\w*|dimwit\w*|halfwits?|nitwit\w*|twats?|pricks?|"
    r"wankers?|bastards?|arseholes?|assholes?|bitch\w*|cows?|pigs?|apes?|animals|scum\w*|parasites?|leeches|bloodsuckers?|vermin|weasels?|"
    r"rats?|crooks?|thieves|thief|liars?|con artists|conmen|scammers|fraudsters?|cowboys|cowards?|losers?|fools?|stupid|thick|brain ?dead|"
    r"useless|pathetic|incompetent\w*|clueless|gormless|smug|git|toad|troll|mug|genius|sunshine|shut up|shut it|get lost|sod off|piss off|"
    r"f\W*(?:ck|\*+)\w* off|go to hell|screw you|get in the bin|go bust|are you (?:deaf|blind|slow|dumb|thick|stupid)|garbage people|sh[i*]t\w*|"
    r"good for nothings?|waste of (?:oxygen|space)|trash|jobsworth|barbarian\w*|"
    r"idioten|vollidiot\w*|vollpfosten|pfosten|trottel|deppen?|arschl\w*|penner|verarschen|klappe|pack|tassen im schrank|das letzte|"
    r"abgezockt|dreckskerl\w*|imbéciles?|imbecill\w*|idiotas?|tontos?|inútiles|ladrones|impresentables|sinvergüenzas?|payasos|estafadores|"
    r"crétins?|incapables|voleurs|menteurs|nuls|connards?|bras cassés|abrutis?|cialtroni|ladri|scem[oaie]|barzelletta|incompetenti|ladrões|"
    r"incompetentes|palhaços?|burros|otários|prutsers|oplichters|sukkels|stelletje|heks|debile\w*|oszuści|złodzieje|nieudaczni\w*|banda|"
    r"rezilsiniz|beceriksiz\w*|aptal\w*|salak\w*|şerefsiz\w*|klåpare|jävla|idioter)\b",
    re.IGNORECASE,
)
_THREATS = re.compile(
    r"\b(?:(?:kill|hurt|hit|smash|smack|punch|break|burn|stab|shoot|beat|find|wait for|waiting for|teach)\b.{0,40}\b(?:you|him|her|them|your|his|their|yourself|lesson)|"
    r"know where\b.{0,30}\b(?:live|lives|works?|parks?|office|warehouse)|watch (?:your|her|his) back|drop dead|kill yourself|hope (?:you|he|she|they|your|the)\b.{0,40}\b(?:die|dies|crash\w*|burns?|hit|explode\w*)|"
    r"one eye open|with a bat|my brothers|by the time i'm done|come (?:round|down there|to your)|at night|through your window|put down like|"
    r"anzünden|komm\w* vorbei|wo (?:du|ihr) wohn\w*|vi spacco|spacco la|quebrar tudo|la lío|powybijam|fena olur|waar jullie\b.{0,20}\bstaat|je le jette)\b",
    re.IGNORECASE,
)
_HEAD = head.step(NAME)


def run(documents: list[Document]) -> None:
    """Find `toxicity` in what came in: rude or abusive, with the words; nothing where it is civil or not sure."""
    came_in = [d for d in documents if d.inbound and d.whole.strip()]
    if not came_in:
        return
    loaded = head.load(NAME)
    civil = loaded.labels.index(NOTHING)
    for document, row in zip(came_in, loaded.shares(came_in).tolist(), strict=True):
        if 1 - row[civil] >= WITH_WORD:
            believed = dict(zip(loaded.labels, row, strict=True))
            finding = judged(document.text[:READ_CHARACTERS], believed, loaded.version)
            if finding is not None:
                document.findings[NAME] = finding


def judged(text: str, believed: dict[str, float], version: str) -> Finding | None:
    """What the head's shares and the list make of a text together; nothing where they do not agree."""
    if 1 - believed[NOTHING] < WITH_WORD:
        return None
    threat = _THREATS.search(text)
    word, label = (threat, ABUSIVE) if threat else (_INSULTS.search(text), RUDE)
    return Finding(label, RIGHT[label], (word.span(),), version) if word else None


STEP = dataclasses.replace(_HEAD, run=run)
