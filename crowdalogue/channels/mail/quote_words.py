"""What mail programs write around a quote or below a text, in the languages people use."""

from __future__ import annotations

import re

__all__ = ["ATTRIBUTION_START", "FORWARD", "HEADER_LABEL", "ORIGINAL", "SENT_FROM", "WROTE"]

# "On ... Ann wrote:": the verb, in whatever place the language puts it.
WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb(?:en)?|a écrit|écrit|escribi[óo]|escreveu|ha scritto|scritto|schreef|geschreven|"
    r"skrev|"
    r"skreiv|napisa[lł](?:\(a\)|/a|a)?|pisze|kirjoitti|yazdı|írta|a scris|scrie|va escriure|menulis|escribe|"
    r"nap(?:[ií]|)sal(?:\(a\)|a)?|"
    r"napisa(?:o|la)(?:/la)?(?: je)?|kirjutas|rakstīja|rašė|zapisal|viết)(?![\w])"
    r"|пишет|писал|написал|написав|пише|написа|έγραψε|כתב|كتب|写道|寫道|写了|寫了|のメール|のメッセージ|"
    r"書きました|書いた|"
    r"작성|님이 쓴|เขียน|ने लिखा",
    re.IGNORECASE,
)
# How such a line begins, where the language has a beginning for it.
ATTRIBUTION_START = re.compile(
    r"^[\s>*-]{0,20}(?:On|Am|Um|Le|El|Em|No dia|Il(?: giorno)?|In data|Op|Den|D\.|På|W dniu|Dnia|Dne|Dňa|Vào|V|Pada|"
    r"Am \w+,|La data|În|Il|Ang|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|Στις|На|В|Ngày|בתאריך|في|于|在|20\d\d)\b",
    re.IGNORECASE,
)
_LABELS = {
    "from": "From|Von|De|Da|Od|Från|Fra|Van|Lähettäjä|Expéditeur|Remitente|Mittente|Avsender|Afsender|Från|Kimden|"
    "Feladó|Odesílatel|От|От кого|Від|Od koga|Από|差出人|送信者|送信元|发件人|寄件者|寄件人|보낸 사람|보낸사람|"
    "מאת|من|Dari|"
    "จาก|Từ",
    "sent": "Sent|Gesendet|Envoyé|Envoyée|Enviado|Enviada|Enviado el|Enviada em|Inviato|Verzonden|Skickat|Sendt|"
    "Lähetetty|Wysłano|Wysłane|Odesláno|Odoslané|Отправлено|Дата отправки|Надіслано|Gönderildi|Gönderilen|"
    "Gönderme Tarihi|"
    "Elküldve|Trimis|Poslano|送信日時|送信日|发送时间|发送日期|發送時間|寄件日期|보낸 날짜|보낸날짜|נשלח|Dikirim",
    "date": "Date|Datum|Data|Fecha|Dato|Päiväys|Päivämäärä|Дата|Tarih|Dátum|日時|日付|日期|날짜|Tanggal|Ngày|"
    "תאריך|التاريخ|"
    "Ημερομηνία",
    "to": "To|An|À|A|Para|Aan|Till|Til|Do|Komu|Vastaanottaja|Destinataire|Destinatario|Кому|Kime|Címzett|Către|Za|"
    "Pour|Per|Προς|宛先|收件人|收件者|받는 사람|받는사람|אל|إلى|Kepada|Đến",
    "cc": "Cc|Kopie|Kopia|Копия|Cc:|CC|Kopi|抄送|副本|참조|Copie|Copia",
    "subject": "Subject|Betreff|Objet|Asunto|Assunto|Oggetto|Onderwerp|Ämne|Emne|Aihe|Temat|Předmět|Predmet|"
    "Тема|Konu|"
    "Tárgy|Subiect|Sujet|Θέμα|件名|主题|主題|主旨|제목|נושא|الموضوع|Perihal|Subjek|Chủ đề",
}
HEADER_LABEL = re.compile(
    r"^[\s>*|\u200e\u200f]{0,12}(?:"
    + "|".join(
        f"(?P<{name}>{'|'.join(sorted(labels.split('|'), key=len, reverse=True))})" for name, labels in _LABELS.items()
    )
    + r")[*\s\u00a0]{0,3}[:：]",
    re.IGNORECASE,
)
# "-----Original Message-----", without its dashes: what follows is the quote.
ORIGINAL = re.compile(
    r"(?:On\b.{5,120}\bwrote|.{0,20}(?:Original (?:Message|Email)|Reply (?:message|above this line)|"
    r"Ursprüngliche (?:Nachricht|Mail|E-Mail)|Originalnachricht|Original-Nachricht|Antwort Nachricht|"
    r"Message d['’]origine|Message original|Courriel original|Mensaje original|Mensagem original|"
    r"Messaggio originale|Oorspronkelijk bericht|Originalmeddelande|Ursprungligt meddelande|"
    r"Oprindelig meddelelse|Opprinnelig melding|Alkuperäinen viesti|Oryginalna wiadomość|Wiadomość oryginalna|"
    r"Původní (?:zpráva|e-mail)|Pôvodná správa|Исходное сообщение|Оригинальное сообщение|Eredeti üzenet|"
    r"Mesaj original|Mesajul original|Orijinal Mesaj|Özgün İleti|Missatge original|Izvorna poruka|"
    r"Вихідне повідомлення|元のメッセージ|原始邮件|邮件原件|原始郵件|原始信件|원본 메시지|원본 메일|הודעה מקורית|"
    r"Pesan Asli|Αρχικό μήνυμα|الرسالة الأصلية|Tin nhắn gốc).{0,20})\s*$",
    re.IGNORECASE,
)
# "----- Forwarded message -----", without its dashes and colon: what follows is handed on.
FORWARD = re.compile(
    r"(?:Begin )?(?:forwarded (?:message|email)|Weitergeleitete (?:Nachricht|Mail)|"
    r"Anfang der weitergeleiteten (?:Nachricht|E-?Mail)|Message transféré|Début du message (?:réexpédié|transféré)|"
    r"Mensaje reenviado|Inicio del mensaje reenviado|Mensagem (?:encaminhada|reencaminhada)|"
    r"Início da mensagem (?:encaminhada|reencaminhada)|Messaggio inoltrato|Inizio messaggio inoltrato|"
    r"Doorgestuurd bericht|Begin doorgestuurd bericht|Vidarebefordrat (?:meddelande|brev)|"
    r"Videresendt (?:meddelelse|besked|melding)|Videresend(?:t)? melding|Edelleenlähetetty viesti|Välitetty viesti|"
    r"Przekazana wiadomość|Wiadomość przekazana|Přeposlaná zpráva|Пересылаемое сообщение|Переадресованное сообщение|"
    r"Начало переадресованного сообщения|転送されたメッセージ|転送メッセージ|转发邮件|已转发邮件|轉寄郵件|"
    r"Továbbított üzenet|"
    r"İletilen ileti|Mesaj redirecționat|전달된 메시지|Missatge reenviat)(?: \w{2,12})?$",
    re.IGNORECASE,
)
# "Sent from my phone": a line a device adds.
SENT_FROM = re.compile(
    r"^\s{0,3}(?:[-_*>]{0,3}\s?)(?:"
    r"Sent from (?:my|the|a|an|Mail|Outlook|Yahoo|AOL|Gmail|Samsung|Proton|iPhone|Mailbox|Android|BlackBerry|Surface|"
    r"Windows|Nine|Spark|Blue|Type|Canary|Hey|Superhuman)\b|Sent (?:via|with|using|by) [\w\"*]|"
    r"Get (?:Outlook|BlueMail|TypeApp) for|Von (?:meinem|meiner|unterwegs)\b.{0,60}gesendet|"
    r"(?:Gesendet|Versendet|Verschickt) (?:von|mit|über|via|aus)\b|Diese Nachricht wurde von .{0,60}gesendet|"
    r"Envoyé (?:de|depuis|à partir|avec|par)\b|Envoyée? de mon|Télécharger Outlook|Enviado (?:desde|do|de|"
    r"a partir|con|com|pelo|via)\b|"
    r"Enviado desde|Inviato (?:da|dal|dalla|con|tramite)\b|Verstuurd (?:vanaf|met|via)\b|Verzonden (?:vanaf|met|"
    r"via|vanuit)\b|"
    r"Skickat (?:från|via|med)\b|Skickades från|Sendt (?:fra|med|via)\b|Lähetetty \w|Lähetin tämän|"
    r"Wysłano? (?:z|za)\b|"
    r"Wysłane (?:z|za)\b|Отправлено (?:с|из|через|от)\b|Отправлен[оa] |Odesláno (?:z|ze|pomocí)\b|Odoslané (?:z|"
    r"zo)\b|"
    r"Надіслано (?:з|із)\b|Elküldve|Trimis (?:de pe|din|cu)\b|Poslano (?:s|sa|z|iz)\b|Στάλθηκε από|Εστάλη από|"
    r"Enviat des|Dikirim dari|Được gửi từ|Gửi từ|نشر من|أرسلت من|נשלח מ|.{0,30}['’]?(?:[iı]m|[uü]m)dan gönderildi|"
    r".{0,40}から送信|发自我的|发自|從我的|从我的|傳送自|寄自|나의 .{0,30}에서 보냄|.{0,30}에서 보냄)",
    re.IGNORECASE,
)
