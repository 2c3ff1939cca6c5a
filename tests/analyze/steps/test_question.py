import time

import pytest

from crowdalogue.analyze.steps.question import run
from tests.analyze.steps.bad import check, found, quoted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi, where is my order?", "where is my order?"),
        ("ordered last week any idea when it will arrive", "any idea when it will arrive"),
        ("Love it. how do i descale it", "how do i descale it"),
        ("let me know if it ships to Sweden", "let me know if it ships to Sweden"),
        ("Hallo, wann kommt mein Paket", "wann kommt mein Paket"),
        ("Buenas. ¿Cuándo llega mi pedido?", "¿Cuándo llega mi pedido?"),
        ("bonjour est-ce que vous livrez en Suisse", "est-ce que vous livrez en Suisse"),
        ("@shop are you open on Monday", "are you open on Monday"),
        ("ciao quando arriva il pacco", "quando arriva il pacco"),
        ("hallo wanneer komt mijn pakket", "wanneer komt mijn pakket"),
        ("hej, när kommer mitt paket", "när kommer mitt paket"),
        ("onde está o meu pedido", "onde está o meu pedido"),
    ],
)
def test_the_question_is_found_in_its_own_words(text: str, words: str) -> None:
    finding = found(run, "question", text)
    assert finding is not None
    assert finding.label == "asked"
    assert quoted(text, finding)[0] == words


@pytest.mark.parametrize(
    "text",
    [
        "when I ordered it, the page said two days",
        "what a wonderful shop",
        "how are you?",
        "best service ever, right?",
        "see https://example.com/?q=where+is+it",
        "@shop is the best",
        "it works, is light and does what it should",
        "wie gesagt ist es kaputt",
        "quand j'ai reçu le colis il était ouvert",
        "cuando llegue lo miro",
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert found(run, "question", text) is None


def test_several_questions_are_all_given_the_surest_first() -> None:
    text = "can you check please. Where is it? Is it lost?"
    finding = found(run, "question", text)
    assert quoted(text, finding) == ["Where is it?", "Is it lost?", "can you check please"]
    assert finding is not None
    assert finding.confidence > 0.9


def test_a_mark_in_a_number_or_link_ends_no_sentence() -> None:
    text = "why does version 2.1 refuse example.com addresses"
    assert quoted(text, found(run, "question", text)) == [text]


def test_strange_texts_are_read_and_quickly() -> None:
    began = time.process_time()
    check(run, "question")
    assert time.process_time() - began < 10
