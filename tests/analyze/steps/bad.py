"""What people can send, for every step that goes by rules."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue.analyze.document import READ_CHARACTERS, Document, Finding

STRANGE = {
    "empty": "",
    "blank": " \n\t ",
    "one emoji": "😀",
    "one letter": "İ",
    "controls": "my\x00 card 4111\x07 1111\x1b[31m 1111 1111\x7f",
    "lone surrogate": "where is my \ud83d order",
    "mixed": "Wo ist my order? Je l'attends à Lyon, gracias أين 注文",
    "letters that grow": "İİİ ŉ ǰ ΐ where is my order in İzmir",
    "digits": "1234567890 " * 9_000,
    "hundred thousand": "my friend said the kettle in your Leeds store, call me on 0171 5550123. when? " * 1_300,
    "no spaces": "a" * 100_000,
    "at signs": "@" * 50_000 + "a@b" * 10_000,
    "brackets": "(" * 20_000 + "1" * 20_000,
    "capitals": "I AM IN LEEDS AND MY CARD IS 4111 1111 1111 1111 " * 60,
}


def read(run: Callable[[list[Document]], None], text: str, **more: object) -> Document:
    document = Document("1", text, **more)  # type: ignore[arg-type]
    run([document])
    return document


def check(run: Callable[[list[Document]], None], name: str, **more: object) -> None:
    """Every strange text is read, and what is found lies within it."""
    for title, text in STRANGE.items():
        document = read(run, text, **more)
        finding = document.findings.get(name)
        if finding is not None:
            assert 0 < finding.confidence <= 1, title
            assert all(0 <= a < b <= min(len(text), READ_CHARACTERS) for a, b in finding.words), title


def found(run: Callable[[list[Document]], None], name: str, text: str, **more: object) -> Finding | None:
    return read(run, text, **more).findings.get(name)


def quoted(text: str, finding: Finding | None) -> list[str]:
    return [text[a:b] for a, b in finding.words] if finding is not None else []
