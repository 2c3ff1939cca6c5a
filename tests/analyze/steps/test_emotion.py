"""Messages of another hand than the examples: none of them was trained on."""

import pytest

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.pipeline import read

LABELLED = [
    ("I am absolutely furious, this is the third time you lie to me!", "anger"),
    ("This is outrageous and I will not put up with it any longer!!", "anger"),
    ("I'm really disappointed, we had hoped for so much more", "disappointment"),
    ("I'm so worried, is my money safe with you?", "worry"),
    ("So happy with my new sofa, I love it!", "joy"),
    ("Thank you so much for all your help, I really appreciate it", "gratitude"),
    ("Wow, I can't believe it, I never expected that!", "surprise"),
    ("Ich bin so wütend, das ist eine Frechheit", "anger"),
    ("Vielen herzlichen Dank für Ihre Hilfe", "gratitude"),
    ("¡Muchísimas gracias por vuestra ayuda!", "gratitude"),
    ("What time do you open on Monday?", None),
    ("Please find attached the signed form.", None),
]


def test_most_are_found_and_plain_ones_left_alone() -> None:
    documents = read([Document(str(i), text) for i, (text, _) in enumerate(LABELLED)])
    found = [d.findings["emotion"].label if "emotion" in d.findings else None for d in documents]
    right = [f == label for f, (_, label) in zip(found, LABELLED, strict=True)]
    assert sum(right) >= 9, list(zip(found, LABELLED, strict=True))


@pytest.mark.parametrize("text", ["Thank you so much for all your help!", "I am absolutely furious with you!"])
def test_the_words_that_led_to_it_are_shown(text: str) -> None:
    finding = read([Document("1", text)])[0].findings["emotion"]
    assert finding.words
    assert all(0 <= start < end <= len(text) for start, end in finding.words)
