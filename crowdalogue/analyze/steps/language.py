"""Which language a message is written in: ISO 639-1 codes, "und" where the text does not tell.

First by small words that belong to one language only ("the", "nicht", "toujours"): a few of them, and none of
another language, settle it. The rest goes to py3langid's model of byte n-grams (BSD), scored for a whole batch by one
product, among the languages customers write in.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from crowdalogue.analyze.document import UNDETERMINED, Document, Finding, Step
from crowdalogue.text.normalise import LINK, NAMED

VERSION = "4-py3langid0.4"
# Enough to be sure, short enough to be quick.
BYTES = 240
# Below this the answer is a guess; chosen so that one word of two languages ("hotel", "ok") is not called either.
SURE = 0.4
_LANGUAGES = """
    ar bg bn ca cs cy da de el en es et fa fi fr ga he hi hr hu id is it ja ka ko lt lv mk ms nl no pl pt ro ru sk
    sl sq sr sv sw ta te th tl tr uk ur vi zh
"""
LANGUAGES = tuple(_LANGUAGES.split())
# Words of one language that stand in no other's everyday vocabulary, so that each is a vote.
_VOTES = {
    "en": "the and you my your is are was were have has had this that with for not of to it's i'm don't can't didn't"
    " what when where why how please thanks thank hello would could should they been from just but your yours get got"
    " again still very really already cannot which these those being about after before because thing things"
    " doesn't isn't won't wouldn't couldn't haven't hasn't wasn't never nothing"
    " everything something anyone someone yes doesnt isnt wont pls btw there their them who our too",
    "de": "und nicht ich mein meine meinen ist das der die den dem ein eine einen wir uns mit auf für bitte danke noch"
    " immer seit wurde haben habe sehr kann auch wie warum wann bei guten leider immer keine kein schon"
    " sind mich mir dich jetzt heute wenn weil nur oder aber nach zum zur dass wird sich einfach gibt bist hab hast"
    " wieder nein nichts etwas diese dieser dieses mehr morgen gestern",
    "fr": "et je mon ma mes vous votre vos nous est sont une les des du dans avec pas pour merci bonjour toujours très"
    " c'est j'ai n'est pourquoi comment depuis été cette mais rien où chez"
    " c'était êtes sommes leur aussi bonsoir ça",
    "es": "el los las del mi mis está están pero muy gracias hola por qué porque cuándo cómo dónde todavía siempre"
    " llevo tengo hace nada usted ustedes favor y pedido"
    " eso hoy ahora también después hasta desde nunca mejor eres soy fue tengo quiero hacer solo",
    "it": "il gli della delle del è sono mia miei molto grazie ciao perché ancora anche questo questa buongiorno"
    " della nel avete vorrei ho quando dove più"
    " che sto hai siamo però poi tutti fare fatto dalla nella alla alle agli degli dei sui buonanotte oggi domani"
    " adesso così",
    "pt": "não você meu minha está obrigado obrigada olá muito porque ainda também isso quero vocês uma foi já são"
    " à ao dia encomenda"
    " vc vcs pq tbm hj né tô eh nao gente hoje gostei tudo essa dele dela amei assim fazer pra agora até depois aí"
    " mano kkk bem estou saiu meus minhas seu sua",
    "nl": "het een niet ik mijn jullie naar maar bedankt dankjewel waarom wanneer heb hebben wordt nog steeds ook"
    " voor zijn dat wat hoe deze",
    "sv": "och jag inte är mitt min ni har tack hej varför när det att på för från kan mycket ett",
}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NOISE = re.compile(r"[#_\d]+|\s{2,}")
# Hashtags are names in any language; they count only where little else is said. "http" is what is left of cut links.
_TAG = re.compile(r"#\w+|\bhttps?\b\S*")
LEAST_LETTERS = 20
_LETTER = re.compile(r"[^\W\d_]")


def _votes() -> dict[str, str]:
    votes: dict[str, set[str]] = {}
    for code, words in _VOTES.items():
        for word in words.split():
            votes.setdefault(word, set()).add(code)
    return {word: codes.pop() for word, codes in votes.items() if len(codes) == 1}


_VOTE = _votes()
_VOTERS = frozenset(_VOTE)
# How sure so many votes of one language and none of another make us, where the model is less sure.
_SURE_BY_VOTES = {1: 0.6, 2: 0.9, 3: 0.97}
ENOUGH_VOTES = 3


@lru_cache(maxsize=1)
def _model() -> tuple[Any, list[int], Any, Any, list[str]]:
    """The automaton over bytes (moves, row starts, outputs), and per-language weights (features x languages)."""
    from py3langid import langid

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    known = set(identifier.nb_classes)
    identifier.set_languages([code for code in LANGUAGES if code in known])
    # Kept in the order that a product reads them in, or every product would begin with a copy of 20 MB.
    weights = np.ascontiguousarray(np.vstack([identifier.nb_ptc, identifier.nb_pc]), dtype=np.float32)
    # The moves stay the array they are: ten million numbers as a list would take 400 MB and half a second.
    return (
        identifier.tk_nextmove,
        [row << 8 for row in identifier.tk_row],
        identifier.tk_output,
        weights,
        list(identifier.nb_classes),
    )


def run(documents: list[Document]) -> None:
    """Find `language`; a document without one of its own takes it over. Confidence is the model's share."""
    texts = [_unnamed(d.whole) for d in documents]
    counted = [_counted(text) for text in texts]
    rest = [i for i, (_, votes) in enumerate(counted) if votes < ENOUGH_VOTES]
    scored = iter(_scored([_readable(texts[i]) for i in rest], [counted[i] for i in rest]) if rest else ())
    for document, (code, votes) in zip(documents, counted, strict=True):
        # Where its small words agree on a language, the model is not asked.
        answer = Finding(code, 0.99, version=VERSION) if votes >= ENOUGH_VOTES else next(scored)
        document.findings["language"] = answer
        document.language = document.language or answer.label


def _counted(text: str) -> tuple[str, int]:
    """The language whose small words stand in the text, and how many of them; ("", 0) for none or too many others.

    Where other languages' words stand beside them (a title, a quotation), two for each of those, and at most two count.
    """
    words = _VOTERS.intersection(_WORD.findall(text.lower()))
    if not words:
        return "", 0
    votes = [_VOTE[word] for word in words]
    if votes.count(votes[0]) == len(votes):
        return votes[0], len(votes)
    (code, most), (_, others) = Counter(votes).most_common(2)
    left = most - 2 * others
    return (code, min(left, ENOUGH_VOTES - 1)) if left > 0 else ("", 0)


def _scored(texts: list[str], counted: list[tuple[str, int]]) -> list[Finding]:
    encoded = [text.encode("utf-8", errors="replace")[:BYTES] for text in texts]
    shares, codes = _shares(encoded)
    best = [codes[i] for i in shares.argmax(axis=1).tolist()]
    rows = zip(texts, encoded, best, shares.max(axis=1).tolist(), counted, strict=True)
    return [_finding(*row) for row in rows]


def _finding(text: str, encoded: bytes, code: str, share: float, counted: tuple[str, int]) -> Finding:
    if not text:
        return Finding(UNDETERMINED, 0.0, version=VERSION)
    share = round(share, 4)
    voted, votes = counted
    sure = _SURE_BY_VOTES.get(votes, 0.0)
    if sure and share < sure:
        code, share = voted, sure
    if share < SURE or (len(encoded) < 4 and text.isascii()):
        return Finding(UNDETERMINED, share, version=VERSION, extra={"guess": code})
    return Finding(code, share, version=VERSION)


def _unnamed(text: str) -> str:
    """As much of a text as is read, without links and names."""
    text = text[: 2 * BYTES]
    if "@" in text:
        text = NAMED.sub(" ", text)
    if "://" in text or "www." in text:
        text = LINK.sub(" ", text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _readable(text: str) -> str:
    """The words of a text without names: no digits either, and few capitals; empty where there is none."""
    if "#" in text or "http" in text:
        plain = _TAG.sub(" ", text)
        if len(_LETTER.findall(plain)) >= LEAST_LETTERS:
            text = plain
    text = _NOISE.sub(" ", text).strip()
    if not _LETTER.search(text):
        return ""
    # The model knows capitals as names; what is shouted is read as if it was said.
    return text.lower() if 2 * sum(map(str.isupper, text)) > sum(map(str.isalpha, text)) else text


def _shares(texts: list[bytes]) -> tuple[Any, list[str]]:
    """For each text, what share of belief each language gets: (texts, languages), rows that sum to 1."""
    moves, rows, outputs, weights, codes = _model()
    columns: list[int] = []
    starts = [0]
    for text in texts:
        state = 0
        for byte in text:
            state = moves[rows[state] + byte]
            feature = outputs[state]
            if feature >= 0:
                columns.append(feature)
        starts.append(len(columns))
    counts = csr_array((np.ones(len(columns), dtype=np.float32), columns, starts), shape=(len(texts), len(weights) - 1))
    counts.sum_duplicates()
    np.log1p(counts.data, out=counts.data)
    scores = counts @ weights[:-1] + weights[-1]
    # The root of the length keeps the shares honest for short and long texts alike (as py3langid does).
    scores /= np.array([math.sqrt(len(t) or 1) for t in texts], dtype=np.float32)[:, None]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True), codes


STEP = Step("language", VERSION, run, gives=("language",))
