"""What the columns of a file mean: by their names in several languages, and by what stands in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crowdalogue.listen.files.dates import Dates, order_of

# Our field -> (what it is called on the page, what it means there).
FIELDS: dict[str, tuple[str, str]] = {
    "text": ("Text", "what was said"),
    "sent_at": ("Time", "when it was said"),
    "author": ("Author", "who said it: a user name, e-mail address, phone or customer number"),
    "author_name": ("Author's name", "how the author is called"),
    "direction": ("Direction", "whether a customer or we said it"),
    "id": ("Message id", "its own number, so that it is never filed twice"),
    "parent": ("Answers to", "the id of the message it answers"),
    "thread": ("Conversation", "the name or number of its conversation"),
    "subject": ("Subject", "its subject or title"),
    "channel": ("Channel", "where it was said"),
    "brand": ("Brand", "the brand it is about"),
    "rating": ("Rating", "stars or points given with it"),
    "language": ("Language", "the language it is in"),
    "place": ("Place", "where the author is"),
    "url": ("Link", "where it can be seen"),
    "public": ("Public", "whether everybody could read it"),
    "kind": ("Kind", "message, automatic or bounce"),
    "account": ("Account", "which connected account it came by"),
    "extra": ("Further facts", "a JSON object of further facts"),
}

# Names of columns in plain letters, the surest first, in English and then in other languages.
_NAMES = {
    "text": "text|message|body|content|comment|tweet|review|verbatim|post|full text|message text|tweet text|"
    "review text|comment text|ticket description|review content|message body|message content|feedback|description|"
    "remark|utterance|nachricht|kommentar|bewertungstext|inhalt|rezension|anliegen|beschreibung|nachrichtentext|"
    "texto|mensaje|comentario|contenido|resena|opinion|texte|commentaire|avis|contenu|testo|messaggio|commento|"
    "recensione|contenuto|mensagem|conteudo|tekst|bericht|reactie|opmerking|inhoud|tresc|wiadomosc|komentarz",
    "sent_at": "sent at|created at|timestamp|date time|datetime|sent|sent on|posted at|published at|created|"
    "date sent|sent date|created date|date created|creation date|submitted at|received at|date and time|created time|"
    "tweet created|review date|post date|message date|posted|published|submitted|date|time|when|at|ts|"
    "datum|zeit|zeitpunkt|zeitstempel|uhrzeit|gesendet|gesendet am|erstellt|erstellt am|eingang|eingegangen am|"
    "fecha|hora|fecha y hora|fecha de envio|fecha de creacion|creado|creado el|enviado|date d envoi|"
    "date de creation|cree le|envoye le|horodatage|date et heure|data|data e ora|data di creazione|inviato|creato|"
    "data de envio|data de criacao|criado em|enviado em|verzonden|aangemaakt|tijdstip|datum en tijd|utworzono",
    "author": "author id|author|user id|user|username|user name|screen name|handle|sender|from|sender address|"
    "sender id|from id|customer email|customer e mail|sender email|from email|user email|email address|email|e mail|"
    "mail|customer id|customer|client id|client|contact|reviewer|reviewer id|phone|phone number|account id|member id|"
    "autor|absender|verfasser|nutzer|benutzer|benutzername|kunde|kundennummer|kunden id|e mail adresse|"
    "email adresse|usuario|remitente|cliente|correo|correo electronico|auteur|utilisateur|expediteur|courriel|"
    "adresse e mail|autore|utente|mittente|remetente|afzender|gebruiker|klant|klantnummer|nadawca|klient",
    "author_name": "author name|customer name|full name|sender name|from name|display name|reviewer name|"
    "contact name|user full name|name|kundenname|vollstandiger name|nombre|nombre del cliente|nom|nom du client|"
    "nome|nome del cliente|nome do cliente|naam|klantnaam|imie i nazwisko",
    "direction": "direction|inbound|is inbound|incoming|is incoming|outbound|is outbound|outgoing|in out|"
    "from customer|is customer|from agent|is agent|from us|sender type|author type|role|sender role|author role|"
    "message type|type|richtung|direccion|sens|direzione|direcao|richting|kierunek",
    "id": "id|message id|tweet id|external id|comment id|review id|post id|ticket id|case id|uuid|guid|status id|"
    "msg id|nachrichten id|nachricht id|id del mensaje|id mensaje|id message|id messaggio|id mensagem|bericht id",
    "parent": "in reply to|in response to tweet id|in reply to status id|in reply to id|in response to|reply to id|"
    "reply to|parent|parent id|replied to|parent message id|parent comment id|antwort auf|en respuesta a|"
    "en reponse a|in risposta a|em resposta a|antwoord op",
    "thread": "conversation|conversation id|thread|thread id|conversation key|session id|chat id|case number|"
    "ticket number|dialogue id|dialog id|gesprach|gesprachs id|vorgang|vorgangsnummer|unterhaltung|conversacion|"
    "id de conversacion|fil|conversazione|conversa|gesprek|gesprek id",
    "subject": "subject|title|ticket subject|headline|summary|review title|betreff|titel|uberschrift|asunto|titulo|"
    "objet|sujet|titre|oggetto|titolo|assunto|onderwerp|temat|tytul",
    "channel": "channel|ticket channel|source|platform|medium|network|kanal|quelle|plattform|canal|fuente|"
    "plataforma|origine|canale|piattaforma|kanaal|bron",
    "brand": "brand|brand name|airline|airline name|company|company name|organisation|organization|business|"
    "merchant|hotel|restaurant|bank|marke|unternehmen|firma|marca|empresa|marque|entreprise|merk|bedrijf|marka",
    "rating": "rating|overall rating|stars|star rating|score|overall score|review rating|customer satisfaction rating|"
    "satisfaction rating|csat|nps|ces|bewertung|sterne|punkte|note|puntuacion|calificacion|valoracion|"
    "note globale|etoiles|valutazione|voto|stelle|avaliacao|nota|estrelas|beoordeling|sterren|ocena",
    "language": "language|lang|locale|sprache|idioma|langue|lingua|taal|jezyk",
    "place": "place|location|author country|user location|tweet location|country|city|region|ort|stadt|land|pais|"
    "ciudad|ubicacion|pays|ville|lieu|paese|citta|luogo|cidade|plaats",
    "url": "url|link|permalink|href|web address|enlace|lien|collegamento",
    "public": "public|is public",
    "kind": "kind",
    "account": "account",
    "extra": "extra",
}
NAMES = {field: {name: rank for rank, name in enumerate(names.split("|"))} for field, names in _NAMES.items()}

# Times of something other than the message.
OTHER_TIME = re.compile(r"response|resol|purchase|birth|updat|modif|flown|clos|due|expir|join|order|first|last|deliver")


def words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


# How cells say who spoke.
INBOUND = words(
    "in|inbound|incoming|received|customer|user|client|consumer|contact|visitor|end-user|from-customer|guest|requester|"
    "eingehend|kunde|entrada|entrant|cliente|recebido|inkomend|klant"
)
OUTBOUND = words(
    "out|outbound|outgoing|sent|agent|brand|company|business|admin|staff|bot|operator|support|system|employee|"
    "ausgehend|mitarbeiter|salida|sortant|agente|uscita|saida|uitgaand|medewerker|assistant"
)
YES = words("true|yes|1|1.0|t|y|ja|si|oui|sim|wahr|vrai")
NO = words("false|no|0|0.0|f|n|nein|non|nao|falsch|faux|falso|nee")
OURS_IF_TRUE = re.compile(r"outbound|outgoing|agent|from us")

CHANNELS = {
    "twitter": "x",
    "tweet": "x",
    "e mail": "email",
    "mail": "email",
    "chat": "webchat",
    "live chat": "webchat",
    "web chat": "webchat",
    "call": "phone",
    "telephone": "phone",
    "voice": "phone",
    "telefon": "phone",
    "shop": "store",
    "social media": "social",
    "web form": "form",
    "webform": "form",
    "reviews": "review",
    "text message": "sms",
}
PUBLIC_KINDS = frozenset({"x", "review", "social", "bluesky", "mastodon", "reddit", "youtube", "discourse", "rss"})
EXPORT_MARK = {"id", "channel", "account", "direction", "author", "sent_at", "text", "conversation", "extra"}


def plain(name: str) -> str:
    """Lower case, no accents, words apart by one blank: "Ticket_ID" and "ticketId" become "ticket id"."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    name = unicodedata.normalize("NFKD", name.casefold())
    name = "".join(c for c in name if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", name))


def as_text(value: Any) -> str:
    """A cell as text: whole floats without ".0", nothing for none."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def filled(values: Sequence[Any]) -> list[str]:
    return [text for value in values if (text := as_text(value).strip())]


STARS = frozenset({"star", "stars", "sterne", "csat"})  # names of columns whose best is 5
ENOUGH = 20  # ratings in a sample from which on its highest counts as the best there is


def direction_of(cell: str, ours_if_true: bool) -> str:
    """in, out, note, or "" where the cell says something else."""
    cell = cell.strip().casefold().replace(" ", "-")
    if cell in YES or cell in NO:
        return "out" if (cell in YES) is ours_if_true else "in"
    if cell in INBOUND:
        return "in"
    return "out" if cell in OUTBOUND else "note" if cell == "note" else ""


def best_of(name: str, values: Sequence[Any]) -> int | None:
    """The most a column of ratings allows, or None where its values do not tell: 4 may be nearly the best or nearly
    the worst. `values` are those of a sample."""
    given = [float(text.replace(",", ".")) for text in filled(values) if is_number(text)]
    if not given or min(given) < 0 or max(given) > 100:
        return None
    if max(given) > 10:
        return 100
    if max(given) > 5 or "nps" in plain(name).split():
        return 10
    counted_in_stars = set(plain(name).split()) & STARS
    return 5 if counted_in_stars or (max(given) == 5 and len(given) >= ENOUGH) else None


def is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d{1,15}([.,]\d{1,6})?", text) is not None


def looks_right(field: str, name: str, values: list[str], now: datetime) -> bool:
    """Whether what stands in the column can be what its name says."""
    if not values:
        return field not in ("text", "sent_at", "id", "author", "direction")
    if field == "sent_at":
        order, _ = order_of(values, now)
        dates = Dates(ZoneInfo("UTC"), order)
        return sum(dates.read(v) is not None for v in values) >= len(values) * 0.6
    if field == "direction":
        ours = bool(OURS_IF_TRUE.search(plain(name)))
        return sum(bool(direction_of(v, ours)) for v in values) >= len(values) * 0.95
    if field == "rating":
        return sum(is_number(v) for v in values) >= len(values) * 0.9
    if field == "language":
        return all(len(v) <= 20 for v in values)
    if field in ("channel", "brand"):
        return all(len(v) <= 80 for v in values) and (len(values) < 20 or len(set(values)) < len(values) / 2)
    if field == "kind":
        return set(values) <= {"message", "automatic", "bounce"}
    if field == "public":
        return all(v.casefold() in YES | NO for v in values)
    if field == "extra":
        return all(v.startswith("{") for v in values)
    if field == "url":
        return sum(v.startswith(("http://", "https://")) for v in values) >= len(values) * 0.8
    if field == "id":
        return len(values) < 20 or len(set(values)) >= len(values) * 0.5
    return True


def name_score(field: str, name: str) -> float:
    """How surely a column of this name is the field: 10 for its own name, less down the list, 0 for none."""
    known = NAMES[field]
    name = plain(name)
    if name in known:
        return 10 - 5 * known[name] / len(known)
    if field in ("kind", "public", "account", "extra", "direction", "channel", "rating"):
        return 0
    if field == "sent_at" and OTHER_TIME.search(name):
        return 0
    # "guest comment text": the last words are a name of at least four letters.
    parts = name.split()
    ends = {" ".join(parts[-n:]) for n in (1, 2)}
    best = [known[end] for end in ends if end in known and len(end) > 3]
    return 3 - 2 * min(best) / len(known) if best else 0


def recognise(columns: Sequence[str], sample: Sequence[Sequence[Any]], now: datetime) -> dict[str, str]:
    """Our field -> the file's column, as far as names and cells say."""
    cells = {name: filled([row[i] for row in sample]) for i, name in enumerate(columns)}
    if set(columns) >= EXPORT_MARK:  # our own export
        own = [c for c in FIELDS if c in columns]
        return {field: field for field in own} | {"thread": "conversation"}
    ranked = sorted(
        ((score, field, name) for field in FIELDS for name in columns if (score := name_score(field, name))),
        key=lambda found: -found[0],
    )
    fields: dict[str, str] = {}
    for _, field, name in ranked:
        if field not in fields and name not in fields.values() and looks_right(field, name, cells[name], now):
            fields[field] = name
    # Our export's own columns mean nothing in another file.
    for field in ("account", "extra", "kind"):
        fields.pop(field, None)
    settle_ids(fields, columns, cells)
    settle_author(fields, cells)
    settle_text(fields, cells, now)
    return fields


def settle_ids(fields: dict[str, str], columns: Sequence[str], cells: dict[str, list[str]]) -> None:
    """A ticket number that repeats is the conversation's, not the message's."""
    if "thread" in fields:
        return
    for name in columns:
        repeats = cells[name] and len(set(cells[name])) < len(cells[name]) * 0.5
        if repeats and name not in fields.values() and plain(name) in ("ticket id", "case id", "issue id"):
            fields["thread"] = name
            return


def settle_author(fields: dict[str, str], cells: dict[str, list[str]]) -> None:
    """An e-mail address says best who it was; a name alone has to do where there is nothing better."""

    def is_email(name: str) -> bool:
        return bool(cells[name]) and sum("@" in v[1:] and " " not in v for v in cells[name]) > len(cells[name]) * 0.8

    author = fields.get("author")
    if author and not is_email(author) and plain(author) not in ("author id", "user id"):
        address = next((n for n in cells if n not in fields.values() and is_email(n)), None)
        if address:
            fields["author"] = address
            fields.setdefault("author_name", author)
    if author and is_email(author) and "author_name" not in fields:
        named = [n for n in cells if n not in fields.values() and name_score("author", n) > 5 and not is_email(n)]
        if named and not all(v.isdigit() for v in cells[named[0]]):
            fields["author_name"] = named[0]
    if "author" not in fields and "author_name" in fields:
        fields["author"] = fields.pop("author_name")


def settle_text(fields: dict[str, str], cells: dict[str, list[str]], now: datetime) -> None:
    """Where no name says so, the text is what has the most words, and the time is what reads as one."""
    free = [name for name in cells if name not in fields.values() and cells[name]]
    if "text" not in fields and free:
        words = {name: sum(v.count(" ") for v in cells[name]) / len(cells[name]) for name in free}
        most = max(free, key=lambda name: words[name])
        if words[most] >= 2 or len(cells) == 1:
            fields["text"] = most
            free.remove(most)
    if "text" not in fields and "subject" in fields:
        fields["text"] = fields.pop("subject")
    if "sent_at" not in fields:
        for name in free:
            # Numbers alone are too easily taken for times.
            dated = [v for v in cells[name] if not v.isdigit() and not is_number(v)]
            fits = len(dated) == len(cells[name]) and not OTHER_TIME.search(plain(name))
            if fits and looks_right("sent_at", name, dated, now):
                fields["sent_at"] = name
                return


def shape_of(columns: Sequence[str], fields: dict[str, str]) -> str:
    """tweets | reviews | tickets | export | messages"""
    names = [plain(c) for c in columns]
    if set(columns) >= EXPORT_MARK:
        return "export"
    if "in response to tweet id" in names or ("tweet id" in names and "inbound" in names):
        return "tweets"
    if "direction" not in fields and (
        sum("rating" in n or "stars" in n for n in names) >= 2 or ("rating" in fields and "review" in " ".join(names))
    ):
        return "tickets" if sum("ticket" in n for n in names) >= 2 else "reviews"
    if sum("ticket" in n for n in names) >= 2 or {"status", "priority"} <= set(names):
        return "tickets"
    return "messages"


def channel_of(shape: str, columns: Sequence[str], fields: dict[str, str], cells: list[str]) -> str:
    """The kind of account messages without a channel column belong to."""
    if shape == "tweets" or any(plain(c).startswith("tweet ") for c in columns):
        return "x"
    if shape == "reviews":
        return "review"
    mails = sum("@" in v[1:] and " " not in v for v in cells)
    if "author" in fields and cells and mails > len(cells) * 0.8 and "subject" in fields:
        return "email"
    return "import"


def kind_of(cell: str) -> str:
    """The channel a cell names, as the kinds of accounts are called."""
    name = plain(cell)
    return CHANNELS.get(name) or re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:32] or "import"


def types_of(columns: Sequence[str], sample: Sequence[Sequence[Any]]) -> dict[str, str]:
    """number | text for each column; a number with leading zeros or of many digits is a name, hence text."""
    types = {}
    for i, name in enumerate(columns):
        cells = filled([row[i] for row in sample])
        numbers = bool(cells) and all(is_number(v) and not re.match(r"0\d|\d{11}", v) for v in cells)
        types[name] = "number" if numbers else "text"
    return types
