import pytest

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.steps import language
from crowdalogue.analyze.training import examples


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Where is my parcel? It should have been here on Monday.", "en"),
        ("Wo ist mein Paket? Ich warte seit zwei Wochen.", "de"),
        ("Où est mon colis ? J'attends depuis deux semaines.", "fr"),
        ("¿Dónde está mi pedido? Llevo dos semanas esperando.", "es"),
        ("Dov'è il mio pacco? Aspetto da due settimane.", "it"),
        ("Onde está a minha encomenda? Estou à espera há duas semanas.", "pt"),
        ("Waar blijft mijn pakket? Ik wacht al twee weken.", "nl"),
        ("Var är mitt paket? Jag har väntat i två veckor.", "sv"),
        ("Gdzie jest moja paczka? Czekam już dwa tygodnie.", "pl"),
        ("Где моя посылка? Я жду уже две недели.", "ru"),
        ("أين طلبي؟ لقد انتظرت أسبوعين", "ar"),
        ("荷物はどこですか。二週間待っています。", "ja"),
        ("WHERE IS MY PARCEL", "en"),
        ("@LumoHome http://example.com/x danke für die schnelle hilfe", "de"),
    ],
)
def test_labelled(text: str, code: str) -> None:
    document = Document("1", text)
    language.run([document])
    assert document.findings["language"].label == code
    assert document.language == code


@pytest.mark.parametrize("text", ["", "ok", "hotel", "12.50", "😀😀", "@LumoHome", "https://example.com/hello/the/and"])
def test_too_little_to_tell_is_undetermined(text: str) -> None:
    document = Document("1", text)
    language.run([document])
    assert document.findings["language"].label == "und"


def test_a_language_that_is_known_stays() -> None:
    document = Document("1", "Where is my parcel?", language="de")
    language.run([document])
    assert document.language == "de"
    assert document.findings["language"].label == "en"


def test_our_examples_are_told_apart() -> None:
    rows = examples()
    documents = [Document(r["id"], r["text"]) for r in rows]
    language.run(documents)
    told = [(d.findings["language"].label, r["language"]) for d, r in zip(documents, rows, strict=True)]
    told = [(label, truth) for label, truth in told if label != "und"]
    assert len(told) > 0.93 * len(rows)
    assert sum(label == truth for label, truth in told) > 0.99 * len(told)
