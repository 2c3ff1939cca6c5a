import time

import pytest

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.pipeline import read
from crowdalogue.analyze.steps import duplicate, machine_written
from crowdalogue.analyze.steps.machine_written import run
from tests.analyze.steps.bad import check, found, quoted


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I am currently out of the office and will return on 12 May.", "auto_reply"),
        ("Automatische Antwort: Ich bin bis 3. Juni nicht im Büro.", "auto_reply"),
        ("This is an automated message, please do not reply to this email.", "notification"),
        ("Your verification code is 992817", "notification"),
        ("Spring sale! 20% off. View in your browser | Unsubscribe", "bulk"),
    ],
)
def test_the_words_of_machines(text: str, label: str) -> None:
    finding = found(run, "machine_written", text)
    assert finding is not None
    assert (finding.label, finding.extra["because"]) == (label, "its words")
    assert quoted(text, finding)[0]


@pytest.mark.parametrize(
    "text",
    [
        "your automatic reply told me two days, it has been nine",
        "I cannot unsubscribe from your newsletter",
        "was out of the office when the courier came",
        "please reply to my email",
    ],
)
def test_people_who_speak_of_machines_are_people(text: str) -> None:
    assert found(run, "machine_written", text) is None


def test_what_the_source_says_counts_most() -> None:
    finding = found(run, "machine_written", "See you on Monday", facts={"automatic": True})
    assert finding is not None
    assert (finding.label, finding.extra["because"]) == ("auto_reply", "the sender says so")
    finding = found(run, "machine_written", "12 degrees", facts={"bot": True})
    assert finding is not None
    assert finding.label == "notification"


def test_a_subject_may_say_it() -> None:
    finding = found(run, "machine_written", "See you.", subject="Automatic reply: your order")
    assert finding is not None
    assert (finding.label, finding.words) == ("auto_reply", ())


def test_the_same_text_with_a_link_many_times_over_is_bulk_and_a_few_times_not() -> None:
    steps = (duplicate.STEP, machine_written.STEP)
    for number, label in ((3, None), (5, "bulk")):
        documents = [
            Document(str(i), f"Cheap lamps for all of you here https://example.com/{i}") for i in range(number)
        ]
        for document in read(documents, steps, embed=False):
            finding = document.findings.get("machine_written")
            assert (finding.label if finding else None) == label


def test_strange_texts_are_read_and_quickly() -> None:
    began = time.process_time()
    check(run, "machine_written")
    check(run, "machine_written", subject="Re: " + "a" * 5_000)
    assert time.process_time() - began < 10
