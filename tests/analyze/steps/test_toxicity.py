"""Messages of another hand than the examples: none of them was trained on."""

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.pipeline import read

BAD = [
    "You are a bunch of idiots",
    "are you stupid or what, you morons",
    "what a load of incompetent clowns",
    "shut up you useless idiot",
    "I will come to your office and break your legs",
    "I hope you all die",
    "ihr seid solche Idioten",
]
CIVIL = [
    "I am very angry about this delay",
    "That was a damn good pizza",
    "The waiter called me names, I want an apology",
    "Thank you for the kind words",
    "My card was declined, please help",
    "This is the worst service I have ever had",
    "I am dying for one of your cakes",
    "Wann kommt der Techniker?",
]


def _found(texts: list[str]) -> list[str | None]:
    documents = read([Document(str(i), text) for i, text in enumerate(texts)])
    return [d.findings["toxicity"].label if "toxicity" in d.findings else None for d in documents]


def test_insults_and_threats_are_mostly_found() -> None:
    assert sum(label in ("rude", "abusive") for label in _found(BAD)) >= 4, _found(BAD)


def test_anger_and_strong_words_are_civil() -> None:
    assert sum(label in ("rude", "abusive") for label in _found(CIVIL)) <= 1, _found(CIVIL)
