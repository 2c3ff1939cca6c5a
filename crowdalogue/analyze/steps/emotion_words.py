# ruff: noqa: E501  (lists as plain rows of words)
"""Words that name a feeling outright ("furious", "let down", "thank you so much"), in several languages."""

from __future__ import annotations

import re

from crowdalogue.analyze.steps.cut import Cut

_NOT = r"(?<!not )(?<!n't )(?<!never )(?<!nicht )(?<!kein )(?<!pas )(?<!no )(?<!non )"
_LISTS = {
    "anger": r"furious|fuming|livid|outrag\w+|disgust(?:ed|ing)|disgrace\w*|angry|anger|enraged|infuriat\w+|unacceptable|ridiculous|shameful|absolute joke|what a joke|is a joke|fed up|sick (?:and tired )?of|had enough|how dare|annoy\w+|appalling|pathetic|insult(?:ed|ing)?|wütend|sauer|stinksauer|frechheit|unverschämt\w*|empört|ärger\w*|scandaleux|honteux|honte|inadmissible|inacceptable|furieu\w+|marre|colère|indignad\w+|vergüenza|hart[oa]|indignante|inaceptable|furios\w+|vergogn\w+|inaccettabile|schifo|absurdo|vergonha|raiva|woedend|schandalig|belachelijk|boos|wściekł\w+|skandal|rezalet\w*|sinir\w*|arg|förbannad",
    "disappointment": r"disappoint\w*|let down|letdown|underwhelm\w*|gutted|heartbroken|sad|sadly|sadden\w*|what a shame|such a shame|shame about|pity|regret|deflated|used to be (?:great|good|better)|expected (?:more|better)|hoped for (?:more|better)|sorry to (?:say|see|go)|enttäusch\w*|schade|traurig|déçue?s?|dommage|déception|triste|decepci\w+|pena|lástima|delus\w+|peccato|purtroppo|deceção|decepcionad\w+|teleurgesteld|jammer|helaas|szkoda|rozczarowan\w+|hayal kırıklığı|besviken|tyvärr",
    "worry": r"worr(?:y|ied|ying|ies)|scared|afraid|frighten\w*|terrif\w+|anxious|concerned|nervous|panick?\w*|uneasy|fear(?:ful)?|is (?:it|this|that) safe|unsafe|angst|besorgt|sorgen?|peur|inqui[eè]t\w*|miedo|preocup\w+|asustad\w+|paura|preoccupat\w+|medo|bang|bezorgd|ongerust|boję|martwi\w+|korkuyorum|endişe\w*|orolig|rädd",
    "joy": r"love(?:d|s|ly)?|happy|delighted|thrilled|over the moon|can't wait|cannot wait|so excited|yay|fantastic|amazing|wonderful|brilliant|gorgeous|enjoyed|obsessed|made my day|freue?|glücklich|begeistert|wunderbar|liebe es|juhu|contente?s?|ravie?s?|adore|génial|super|heureu\w+|encanta\w*|feliz|genial|content\w|adoro|felic\w+|bellissim\w*|fantastic\w+|amei|lind[oa]|blij|geweldig|heerlijk|super|zachwycon\w+|mutlu\w*|harika|bayıldım|glad|underbar\w*",
    "gratitude": r"thank you (?:so|very|for|all|again)|thanks (?:so|a|to|for|again)|thankyou|thank u+|many thanks|huge thanks|grateful|thankful|appreciate\w*|bless you|shout ?out|props to|kudos|credit where|vielen dank|tausend dank|herzlichen dank|danke\w*|lob|merci (?:beaucoup|mille|à)|mille mercis|un (?:grand|immense) merci|reconnaissant\w*|muchas gracias|muchísimas gracias|mil gracias|agrade\w+|grazie (?:mille|di|a)|ringrazio|muito obrigad\w|obrigad[oa]|agradeço|hartelijk dank|bedankt|dank je wel|dziękuję|dzięki|teşekkür\w*|tack så|stort tack|tusen tack",
    "surprise": r"wow+|can't believe|cannot believe|couldn't believe|unbelievable|surpris\w+|shocked|astonish\w*|amazed|stunned|speechless|whoa|blimey|no way|didn't expect|never expected|wasn't expecting|omg|unexpected\w*|jaw|out of nowhere|überrasch\w*|unglaublich|krass|fass es nicht|incroyable|surpris\w*|n'en (?:crois|reviens)|sorpres\w+|sorprendid\w+|increíble|no me lo (?:puedo|esperaba)|incredibile|non ci credo|nem acredito|surpres\w+|verrast|ongelooflijk|niewiarygodn\w+|inanılmaz|şaşırd\w+|otroligt|överrask\w*",
}
_PATTERNS = {emotion: re.compile(rf"\b{_NOT}(?:{words})\b") for emotion, words in _LISTS.items()}


# What the words of each list begin with, as bits of the emotions: elsewhere the patterns need not look.
_FIRST = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_BITS = {emotion: 1 << i for i, emotion in enumerate(_LISTS)}


def _beginnings() -> dict[str, int]:
    begin: dict[str, int] = {}
    for emotion, words in _LISTS.items():
        for alternative in words.replace(" ?", " ").split("|"):
            if (match := _FIRST.search(alternative)) is not None:
                start = match[0][:4]
                begin[start] = begin.get(start, 0) | _BITS[emotion]
    return begin


_BEGIN = _beginnings()
_SHORT = sorted({len(start) for start in _BEGIN if len(start) < 4})


class _Emotions(dict[str, int]):
    """The emotions whose words may begin within a word (bits), remembered for words met before."""

    def __missing__(self, word: str) -> int:
        if len(self) > REMEMBERED:
            self.clear()
        bits = _BEGIN.get(word[:4], 0)
        for size in _SHORT:
            bits |= _BEGIN.get(word[:size], 0)
        if "'" in word:  # a word begins after an apostrophe, too: j'adore
            bits |= self[word.partition("'")[2]]
        self[word] = bits
        return bits


REMEMBERED = 100_000
_emotions = _Emotions()


def found(words: Cut) -> dict[str, tuple[int, int]]:
    """The emotions that a text names outright, each with the span of the first words that do."""
    may = [(i, bits) for i, bits in enumerate(map(_emotions.__getitem__, words.words)) if bits]
    result = {}
    for emotion, pattern in _PATTERNS.items() if may else ():
        bit = _BITS[emotion]
        for i, bits in may:
            if bits & bit:
                start, word = words.spans[i][0], words.words[i]
                match = pattern.match(words.low, start)
                if match is None and "'" in word:
                    match = pattern.match(words.low, start + word.index("'") + 1)
                if match is not None:
                    result[emotion] = match.span()
                    break
    return result
