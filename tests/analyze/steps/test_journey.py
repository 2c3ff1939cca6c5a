"""Messages of another hand than the examples: none of them was trained on."""

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.pipeline import read

LABELLED = [
    ("Do you ship to Canada, and how much would it cost?", "considering"),
    ("Is the red one available? I am thinking of buying two.", "considering"),
    ("The checkout will not accept my card, I am trying to pay", "buying"),
    ("Where is my parcel? I ordered it a week ago", "waiting"),
    ("Tracking says out for delivery since Monday, still nothing", "waiting"),
    ("Just unpacked it, how do I set it up?", "first_use"),
    ("It stopped working after two weeks, the screen is black", "problem"),
    ("How do I return these shoes? They do not fit", "returning"),
    ("I want to cancel my contract at the end of the month", "leaving"),
    ("Close my account, I am moving to another bank", "leaving"),
    ("Hiermit kündige ich meinen Vertrag zum Jahresende", "leaving"),
    ("Been using it every day for a year and still like it", "using"),
]


def test_most_stages_are_found() -> None:
    documents = read([Document(str(i), text) for i, (text, _) in enumerate(LABELLED)])
    found = [d.findings["journey"].label if "journey" in d.findings else None for d in documents]
    right = [f == label for f, (_, label) in zip(found, LABELLED, strict=True)]
    assert sum(right) >= 8, list(zip(found, LABELLED, strict=True))
