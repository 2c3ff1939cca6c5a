# ruff: noqa: E501, SIM905  (a pattern a line, lists as plain rows of words)
"""Whether a machine wrote a message: an automatic reply, a notification, or the same text sent in bulk.

What the channel says of itself counts most (`facts`: automatic replies that a mail's header declares, accounts marked
as bots). Then come the words of such texts, and how many of the batch are copies of each other. What is none of it
leaves no finding.
"""

from __future__ import annotations

import re

from crowdalogue.analyze.document import NOTHING, Document, Finding, Step
from crowdalogue.analyze.steps.cut import cut

VERSION = "1"
AUTO_REPLY, NOTIFICATION, BULK = "auto_reply", "notification", "bulk"
# Copies in one batch from which on a text with a link or a hashtag is bulk, and without one.
MANY_WITH_LINK, MANY = 4, 8

_SIGNS: tuple[tuple[str, float, re.Pattern[str]], ...] = tuple(
    (label, sure, re.compile(pattern))
    for label, sure, pattern in (
        (
            AUTO_REPLY,
            0.95,
            r"(?<!was )(?<!were )out of (?:the )?office(?! (?:when|yesterday))|(?:^|\n)\W*(?:re: )?auto(?:matic|mated)?[- ]?(?:reply|response|responder)\b|auto(?:matic|mated)?[- ]?(?:reply|response):|i am (?:currently )?(?:away|on (?:annual |parental )?leave|"
            r"on vacation|on holiday)[^.]{0,60}(?:return|back|until|access|urgent)|(?:will|shall) (?:reply|respond|answer) (?:to your (?:e-?mail|message) )?"
            r"(?:when|upon|on) (?:i |my )?return|limited access to (?:my )?e-?mail|automatische antwort|abwesenheitsnotiz|"
            r"bin (?:derzeit |zurzeit |bis )[^.]{0,40}(?:nicht im (?:büro|haus)|abwesend|im urlaub)|ich bin (?:ab|bis) [^.]{0,30}wieder (?:im büro|erreichbar)|"
            r"réponse automatique|absent(?:e)? du bureau|je suis (?:actuellement )?(?:absent|en congé)|respuesta automática|"
            r"fuera de la oficina|estoy de vacaciones|risposta automatica|sono fuori ufficio|resposta automática|"
            r"afwezigheidsbericht|ik ben (?:momenteel )?afwezig|autosvar|frånvaromeddelande|"
            r"(?:thank you|thanks) for (?:your (?:e-?mail|message|enquiry|inquiry)|contacting (?:us|\w+))[^.!]{0,40}[.!][^.]{0,80}(?:we (?:will|aim to|have received|shall)|"
            r"(?:our|the) team will|(?:ticket|case|reference)|will (?:be in touch|get back))|vielen dank für ihre (?:nachricht|anfrage|e-?mail)[^.!]{0,20}[.!] wir (?:werden|melden)|"
            r"nous avons bien reçu votre (?:message|demande)|hemos recibido (?:su|tu) (?:mensaje|consulta|solicitud)",
        ),
        (
            NOTIFICATION,
            0.93,
            r"(?:this is an?|this) (?:automated|automatic(?:ally generated)?|system[- ]generated) (?:e-?mail|message|notification|notice)|"
            r"(?:this (?:e-?mail|message)|it) (?:was|is|has been) (?:sent |generated )?automatically|(?:please )?do not (?:reply|respond) to this (?:e-?mail|message)|"
            r"(?:was|is) sent from an unmonitored|no-?reply@|mailer-daemon|delivery (?:status notification|has failed)|undeliverable|"
            r"undelivered mail|diese (?:e-?mail|nachricht) wurde automatisch|bitte (?:antworten sie )?nicht auf diese (?:e-?mail|nachricht)|"
            r"ne pas répondre à ce (?:message|mail|courriel)|(?:message|e-?mail) (?:généré|envoyé) automatiquement|no responda a este (?:correo|mensaje|e-?mail)|"
            r"mensaje (?:generado )?automático|non rispondere a questa|não responda a este|dit is een automatisch|detta är ett automatiskt|"
            r"your (?:verification|one-time|security) code is \d|(?:order|shipment|parcel|package|payment|invoice) (?:#|no\.? ?)?[\w-]+ (?:has been|was) "
            r"(?:shipped|dispatched|delivered|confirmed|processed|received)\b[^.!?]{0,60}\btrack|build (?:#?\d+ )?(?:failed|passed)|\[alert\]|severity: (?:low|medium|high|critical)",
        ),
        (
            BULK,
            0.9,
            r"(?:^|[|.·•\n>-] ?)unsubscribe\b|\bto unsubscribe[ ,:]|\bunsubscribe (?:here|at any time|from (?:this|these|our))|view (?:this (?:e-?mail|message) )?(?:in|online in) (?:your|a) browser|you are receiving this (?:e-?mail|message|newsletter)|"
            r"manage (?:your )?(?:e-?mail )?preferences|newsletter abbestellen|vom newsletter abmelden|im browser (?:ansehen|öffnen|anzeigen)|"
            r"se désabonner|désinscri(?:re|ption)|darse de baja|cancelar (?:la )?suscripción|annulla (?:l['’])?iscrizione|afmelden voor|"
            r"avregistrera|(?:click|klick|tap) (?:here|hier|the link) (?:to|um|and) [^.]{0,40}(?:win|claim|free|gratis|earn)|"
            r"(?:follow|retweet|rt) (?:and|&|\+) (?:rt|retweet|follow|like)[^.]{0,40}(?:win|chance)|earn \$?\d[\d,]* ?(?:\$|usd|eur)? ?(?:a|per) (?:day|week)",
        ),
    )
)
# One of these words stands in every text that the patterns above know.
_WORDS = frozenset(
    """
    office auto automatic automated automatically autoreply autoresponder away leave vacation holiday return e email mail
    message automatische abwesenheitsnotiz automatisch abwesend urlaub büro haus automatique automatiquement bureau absent
    absente congé automática automático oficina vacaciones automatica ufficio afwezigheidsbericht afwezig automatisk
    automatiskt autosvar frånvaromeddelande contacting enquiry inquiry nachricht anfrage demande mensaje consulta solicitud
    system noreply reply mailer delivery undeliverable undelivered courriel correo questa este unmonitored code track build
    alert severity unsubscribe browser receiving preferences newsletter désabonner désinscrire désinscription baja suscripción
    iscrizione l'iscrizione afmelden avregistrera click klick tap retweet rt follow earn
    """.split()
)
LABELS = (AUTO_REPLY, NOTIFICATION, BULK, NOTHING)


def run(documents: list[Document]) -> None:
    """Find `machine_written` in what came in by a machine's hand: auto_reply, notification or bulk."""
    for document in documents:
        if document.inbound:
            finding = _of_source(document) or _of_words(document) or _of_copies(document)
            if finding is not None:
                document.findings["machine_written"] = finding


def _of_source(document: Document) -> Finding | None:
    if document.facts.get("automatic"):
        return Finding(AUTO_REPLY, 0.98, version=VERSION, extra={"because": "the sender says so"})
    if document.facts.get("bot"):
        return Finding(NOTIFICATION, 0.95, version=VERSION, extra={"because": "the account is marked as a bot"})
    return None


def _of_words(document: Document) -> Finding | None:
    words = cut(document)
    heading = document.subject[:200].lower()
    if words.known.isdisjoint(_WORDS) and not heading:
        return None
    for label, sure, pattern in _SIGNS:
        if match := pattern.search(words.low):
            return Finding(label, sure, (match.span(),), VERSION, extra={"because": "its words"})
        if heading and pattern.search(heading):
            return Finding(label, sure, version=VERSION, extra={"because": "its subject"})
    return None


def _of_copies(document: Document) -> Finding | None:
    copies = document.findings.get("duplicate")
    size = int(copies.extra.get("size", 1)) if copies is not None else 1
    if size < MANY_WITH_LINK:
        return None
    link = "://" in document.text or "www." in document.text or "#" in document.text
    if size >= MANY or link:
        return Finding(BULK, 0.85 if link else 0.7, version=VERSION, extra={"because": f"{size} copies at once"})
    return None


STEP = Step("machine_written", VERSION, run, needs=("duplicate?",), gives=("machine_written",), labels=LABELS)
