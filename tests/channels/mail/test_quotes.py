from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.mail.quotes import cut, is_forward
from crowdalogue.channels.mail.text import html_to_text

# What mail programs write above a quote. None of it comes from the example mails.
ATTRIBUTIONS = [
    "On Mon, Jan 5, 2026 at 9:15 AM Ann Miller <ann@example.com> wrote:",
    "On 5 Jan 2026, at 09:15, Ann Miller <ann@example.com> wrote:",
    "On 05/01/2026 09:15, Ann Miller wrote:",
    "On Mon, Jan 5, 2026 at 9:15 AM Ann Miller\n<ann.with.a.long.address@example.com> wrote:",
    "On Monday, January 5th, 2026 at 9:15 AM, Ann Miller <ann@example.com>\nwrote:",
    "Am 05.01.2026 um 09:15 schrieb Ann Miller:",
    "Am Mo., 5. Jan. 2026 um 09:15 Uhr schrieb Ann Miller <ann@example.com>:",
    "Am Montag, 5. Januar 2026, 09:15:00 CET schrieb Ann Miller <ann@example.com>:",
    "Le lun. 5 janv. 2026 à 09:15, Ann Miller <ann@example.com> a écrit :",
    "Le 05/01/2026 à 09:15, Ann Miller a écrit :",
    "El lun, 5 ene 2026 a las 9:15, Ann Miller (<ann@example.com>) escribió:",
    "El 5 de enero de 2026 09:15, Ann Miller escribió:",
    "Em seg., 5 de jan. de 2026 às 09:15, Ann Miller <ann@example.com> escreveu:",
    "Em 05/01/2026 09:15, Ann Miller escreveu:",
    "Il giorno lun 5 gen 2026 alle ore 09:15 Ann Miller <ann@example.com> ha scritto:",
    "Il 05/01/2026 09:15, Ann Miller ha scritto:",
    "Op ma 5 jan 2026 om 09:15 schreef Ann Miller <ann@example.com>:",
    "Op 05-01-2026 om 09:15 schreef Ann Miller:",
    "Den mån 5 jan. 2026 kl 09:15 skrev Ann Miller <ann@example.com>:",
    "Den 2026-01-05 kl. 09:15, skrev Ann Miller:",
    "Den man. 5. jan. 2026 kl. 09.15 skrev Ann Miller <ann@example.com>:",
    "man. 5. jan. 2026 kl. 09:15 skrev Ann Miller <ann@example.com>:",
    "På mandag 5. januar 2026 kl. 09:15 skrev Ann Miller:",
    "pon., 5 sty 2026 o 09:15 Ann Miller <ann@example.com> napisał(a):",
    "W dniu 05.01.2026 o 09:15, Ann Miller pisze:",
    "пн, 5 янв. 2026 г. в 09:15, Ann Miller <ann@example.com>:",
    "05.01.2026 09:15, Ann Miller пишет:",
    "po 5. 1. 2026 v 9:15 odesílatel Ann Miller <ann@example.com> napsal:",
    "Dne 05. 01. 26 v 9:15 Ann Miller napsal(a):",
    "ma 5. tammik. 2026 klo 9.15 Ann Miller (ann@example.com) kirjoitti:",
    "Ann Miller kirjoitti 5.1.2026 klo 9.15:",
    "2026年1月5日(月) 9:15 Ann Miller <ann@example.com>:",
    "2026/01/05 9:15、Ann Miller <ann@example.com>のメール:",
    "Ann Miller <ann@example.com> 于2026年1月5日周一 09:15写道：",
    "在 2026年1月5日，09:15，Ann Miller <ann@example.com> 写道：",
    "Ann Miller <ann@example.com> 於 2026年1月5日 週一 上午9:15寫道：",
    "2026년 1월 5일 (월) 오전 9:15, Ann Miller <ann@example.com>님이 작성:",
    "Ann Miller <ann@example.com>, 5 Oca 2026 Pzt, 09:15 tarihinde şunu yazdı:",
    "Ann Miller <ann@example.com> ezt írta (időpont: 2026. jan. 5., H, 9:15):",
    "În lun., 5 ian. 2026 la 09:15, Ann Miller <ann@example.com> a scris:",
    "Vào Th 2, 5 thg 1, 2026 vào lúc 09:15 Ann Miller <ann@example.com> đã viết:",
    "El dl., 5 de gen. 2026, 9:15, Ann Miller <ann@example.com> va escriure:",
    "пн, 5 січ. 2026 р. о 09:15 Ann Miller <ann@example.com> пише:",
    "Στις Δευ 5 Ιαν 2026 στις 9:15 π.μ., ο χρήστης Ann Miller <ann@example.com> έγραψε:",
]
# Without an address or an opening word it could be the writer's own line, so it counts only above marks.
NEEDS_MARKS = "Ann Miller kirjoitti 5.1.2026 klo 9.15:"
BLOCKS = [
    "From: Ann Miller <ann@example.com>\nSent: Monday, January 5, 2026 9:15 AM\nTo: Help\nSubject: Order",
    "________________________________\nFrom: Ann Miller <ann@example.com>\nSent: Monday\nTo: Help\nSubject: Order",
    "-----Original Message-----\nFrom: Ann Miller\nSent: Monday\nTo: Help\nSubject: Order",
    "Von: Ann Miller <ann@example.com>\nGesendet: Montag, 5. Januar 2026 09:15\nAn: Hilfe\nBetreff: Bestellung",
    "-----Ursprüngliche Nachricht-----\nVon: Ann Miller\nGesendet: Montag\nAn: Hilfe\nBetreff: Bestellung",
    "De : Ann Miller <ann@example.com>\nEnvoyé : lundi 5 janvier 2026 09:15\nÀ : Aide\nObjet : Commande",
    "De: Ann Miller <ann@example.com>\nEnviado: lunes, 5 de enero de 2026 9:15\nPara: Ayuda\nAsunto: Pedido",
    "De: Ann Miller <ann@example.com>\nEnviada em: segunda-feira\nPara: Ajuda\nAssunto: Pedido",
    "Da: Ann Miller <ann@example.com>\nInviato: lunedì 5 gennaio 2026 09:15\nA: Aiuto\nOggetto: Ordine",
    "Van: Ann Miller <ann@example.com>\nVerzonden: maandag 5 januari 2026 09:15\nAan: Hulp\nOnderwerp: Order",
    "Från: Ann Miller <ann@example.com>\nSkickat: den 5 januari 2026 09:15\nTill: Hjälp\nÄmne: Order",
    "Fra: Ann Miller <ann@example.com>\nSendt: 5. januar 2026 09:15\nTil: Hjælp\nEmne: Ordre",
    "Od: Ann Miller <ann@example.com>\nWysłano: poniedziałek, 5 stycznia 2026\nDo: Pomoc\nTemat: Zamówienie",
    "От: Ann Miller <ann@example.com>\nОтправлено: 5 января 2026 г. 9:15\nКому: Help\nТема: Заказ",
    "Lähettäjä: Ann Miller <ann@example.com>\nLähetetty: 5. tammikuuta 2026\nVastaanottaja: Apu\nAihe: Tilaus",
    "差出人: Ann Miller <ann@example.com>\n送信日時: 2026年1月5日 9:15\n宛先: Help\n件名: 注文",
    "发件人: Ann Miller <ann@example.com>\n发送时间: 2026年1月5日 9:15\n收件人: Help\n主题: 订单",
    "보낸 사람: Ann Miller <ann@example.com>\n보낸 날짜: 2026년 1월 5일\n받는 사람: Help\n제목: 주문",
    "*From:* Ann Miller <ann@example.com>\n*Sent:* Monday\n*To:* Help\n*Subject:* Order",
    "----- Mensaje original -----\nHola",
    "----- Messaggio originale -----\nCiao",
]
SIGNATURES = [
    "-- \nAnn Miller\nHead of Nothing", "--\nAnn", "Sent from my iPhone", "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone", "Enviado desde mi iPhone", "Enviado do meu iPhone", "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone", "Skickat från min iPhone", "Sendt fra min iPhone", "Wysłane z iPhone'a",
    "Отправлено с iPhone", "Odesláno z iPhonu", "Lähetetty iPhonesta", "iPhoneから送信", "发自我的 iPhone",
    "나의 iPhone에서 보냄", "iPhone'umdan gönderildi", "Get Outlook for Android", "Gesendet mit der GMX Mail App",
    "Sent from Outlook for iOS<https://example.com>", "___________\nAnn Miller\nTel. +1 555 010 0199",
]  # fmt: skip
QUOTE = "Dear Ann,\nyour order is on its way.\n\nBest regards\nHelp"


def marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_attributions_in_many_languages(attribution: str) -> None:
    top = cut(f"It never came.\n\n{attribution}\n\n{marked(QUOTE)}\n")
    assert top.text == "It never came."
    assert "your order is on its way" in top.quoted
    assert attribution.split("\n")[-1] in top.quoted
    if attribution != NEEDS_MARKS:
        assert cut(f"It never came.\n\n{attribution}\n\n{QUOTE}\n").text == "It never came."
    assert cut(f"{attribution}\n{marked(QUOTE)}\n\nIt never came.\n").text == "It never came."


@pytest.mark.parametrize("block", BLOCKS)
def test_header_blocks_of_outlook_and_its_kin(block: str) -> None:
    found = cut(f"It never came.\n\n{block}\n\n{QUOTE}\n")
    assert found.text == "It never came."
    assert found.quoted.startswith(block.split("\n")[0])


@pytest.mark.parametrize("signature", SIGNATURES)
def test_signatures(signature: str) -> None:
    found = cut(f"It never came.\n\n{signature}\n")
    assert found.text == "It never came."
    assert found.quoted.split() == signature.split()
    assert cut(f"It never came.\n\n{signature}\n\n{ATTRIBUTIONS[0]}\n{marked(QUOTE)}").text == "It never came."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote to you about this:\nnothing happened.",
        "I flew\nFrom: Rome\nTo: Oslo\nDate: May 3\nand my bag is gone.",
        "He wrote: I will not pay.\nWhat now?",
        "Options:\n- one\n- two\n-- three\nWhich is best?",
        "The price was 20 > 10, was it not?",
        "Note: the delivery was due at 10:00\nand came at 12:00",
        "My details:\nTel: 555 0100\nThank you",
        "Thanks!\nAnn",
        "What I ordered\n-----\nshoes, size 9",
        "The mail from ann@example.com of 5.1.2026 says: no refund. Why?",
        "Subject: refund\nI want my money back.",
    ],
)
def test_what_people_write_themselves_stays(text: str) -> None:
    assert cut(text) == cut(text.strip())
    assert cut(text).text == text
    assert cut(text).quoted == ""


def test_answers_between_quotes_stay() -> None:
    mail = (
        f"{ATTRIBUTIONS[0]}\n> Which size?\n\nNine.\n\n> Which colour?\n> Red or blue?\n\nBlue.\n"
        "> Anything else?\nNo, thanks.\n"
    )
    found = cut(mail)
    assert found.text == "Nine.\n\nBlue.\nNo, thanks."
    assert found.quoted.count("?") == 4


def test_words_above_and_below_a_quote_stay() -> None:
    found = cut(f"Hello,\n\n{ATTRIBUTIONS[0]}\n{marked(QUOTE)}\n\nIt never came.\nAnn")
    assert found.text == "Hello,\n\nIt never came.\nAnn"


def test_a_quote_whose_long_lines_broke() -> None:
    mail = f"No.\n\n> {'long words ' * 6}and then the\ntail of it\n> {'long words ' * 6}more\n"
    assert cut(mail).text == "No."


def test_nothing_is_cut_where_all_would_be() -> None:
    for mail in (marked(QUOTE), f"{ATTRIBUTIONS[0]}\n{marked(QUOTE)}", "-- \nAnn", "Sent from my iPhone"):
        assert cut(mail).text.split() == mail.split()
        assert cut(mail).quoted == ""
    assert cut(f"{BLOCKS[0]}\n\n{QUOTE}").text.endswith("Help")


def test_a_forwarded_mail_is_the_message() -> None:
    mail = f"See below.\n\n---------- Forwarded message ---------\n{BLOCKS[0]}\n\n{QUOTE}"
    assert "your order is on its way" in cut(mail).text
    assert is_forward("Fwd: Order") and is_forward("WG: Bestellung") and is_forward("[ext] TR : x")
    assert not is_forward("Re: Order") and not is_forward("Forward planning")
    assert "your order is on its way" in cut(f"See below.\n\n{BLOCKS[0]}\n\n{QUOTE}", forwarded=True).text


def test_a_block_of_contacts_below_the_writers_name() -> None:
    mail = "It never came.\n\nAnn Miller\nHead of Nothing\nann@example.com\n(555) 010-0199"
    assert cut(mail, writer="Ann Miller").text == "It never came."
    assert cut(mail, writer="Bob").text == mail
    asked = "My number is below.\n\n(555) 010-0199"
    assert cut(asked, writer="Ann Miller").text == asked


def test_a_reply_that_shares_its_line_with_the_attribution() -> None:
    assert cut("Fine by me. On Wed, Apr 4, 2026 at 3:59 PM, ann@example.com wrote:\n> Hi").text == "Fine by me."


WORD = st.text(alphabet="abcdefgh ", min_size=1, max_size=30).map(str.strip).filter(bool)
PARAGRAPH = st.lists(WORD, min_size=1, max_size=4).map("\n".join)


@given(PARAGRAPH, PARAGRAPH, st.sampled_from(ATTRIBUTIONS), st.booleans(), st.integers(0, 3))
def test_what_was_quoted_is_cut_and_nothing_is_lost(
    own: str, quote: str, attribution: str, below: bool, blank: int
) -> None:
    quoted = f"{attribution}\n{marked(quote)}"
    gap = "\n" * (blank + 1)
    found = cut(f"{quoted}\n{gap}{own}" if below else f"{own}{gap}{quoted}")
    assert found.text.split() == own.split()
    assert found.quoted.split() == quoted.split()


@given(st.text(max_size=500))
def test_every_word_is_in_one_of_the_two(text: str) -> None:
    found = cut(text)
    both = re.sub(r"\s", "", found.text) + re.sub(r"\s", "", found.quoted)
    assert sorted(both) == sorted(re.sub(r"\s", "", text))
    assert found.text or not re.search(r"[^\W_]", text)


def test_long_mails_are_cut_in_time() -> None:
    begun = time.process_time()
    for mail in (
        "> a\n" * 9000,
        "On 12:00 a@example.com wrote :\n" * 4000,
        ("-" * 190 + "a\n") * 5000,
        "From: a\n" * 9000,
        "a@" * 200_000,
        "-" * 1_000_000,
    ):
        cut(mail)
    assert time.process_time() - begun < 10


# The example replies: what remains of each, whatever program wrote it.

REPLIES = ["android", "aol", "apple_mail", "apple_mail_2", "comcast", "gmail", "hotmail", "iphone", "outlook",
           "sparrow", "thunderbird", "yahoo"]  # fmt: skip
PAGES = ["gmail", "hotmail", "mail_ru", "ms_outlook_2003", "ms_outlook_2007", "ms_outlook_2010", "thunderbird",
         "windows_mail", "yandex_ru"]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_example_html_replies(name: str, data: Path) -> None:
    source = (data / "mail_quotes/fixtures/html_replies" / f"{name}.html").read_text()
    found = cut(html_to_text(source))
    assert found.text.split() == ["Hi.", "I", "am", "fine.", "Thanks,", "Alex"]
    assert "Hello! How are you?" in found.quoted


@pytest.mark.parametrize(
    ("name", "text"), [("OLK_SRC_BODY_SECTION", "Reply"), ("reply-separated-by-hr", "Hi\nthere\nBob")]
)
def test_example_pages(name: str, text: str, data: Path) -> None:
    assert cut(html_to_text((data / f"mail_quotes/fixtures/{name}.html").read_text())).text == text


@pytest.mark.parametrize(("name", "writer"), [("long", "Gina Xxxxxxxxx"), ("sparse", "John Doe")])
def test_example_signatures(name: str, writer: str, data: Path) -> None:
    folder = data / "mail_quotes/fixtures/signature/emails/stripped"
    found = cut((folder / f"{name}_body").read_text(), writer=writer)
    assert found.quoted.split() == (folder / f"{name}_signature").read_text().split()


def test_marks_of_writing_direction_do_not_hide_an_attribution() -> None:
    line = "בתאריך 5 בינו׳ 2026 ב-9:15 מאת \u202aHelp\u202c\u200f <\u202ahelp@example.com\u202c\u200f>:\u202c"
    assert cut(f"כן\n\n{line}\n\n> Old").text == "כן"


def test_an_attribution_without_verb_and_colon() -> None:
    assert cut("Yes.\n\n2026/1/5 Ann Miller <ann@example.com>\n\n> Old").text == "Yes."
