"""Mails as customers write them: plain, with HTML and a quoted answer, with a picture. Seeded; the same every time."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from benchmarks import stores

PICTURE = bytes(range(256)) * 40  # ten kB, as a small screenshot


def make(count: int, seed: int = 1, *, domain: str = "bench.example.com") -> list[bytes]:
    """`count` mails of about `count * 0.7` conversations: new ones, and replies that name their parent."""
    chance = random.Random(seed)
    words = stores.WORDS[:3000]
    sent = datetime(2026, 1, 5, 8, 0).astimezone()
    known: list[tuple[str, str, list[str]]] = []  # sender, subject, ids so far
    mails = []
    for number in range(count):
        sent += timedelta(seconds=chance.expovariate(1 / 40))
        text = sentences(chance, words)
        message_id = f"<{seed}.{number}@{domain}>"
        mail = EmailMessage(policy=SMTP)
        if known and chance.random() < 0.3:
            sender, subject, ids = chance.choice(known[-200:])
            mail["Subject"] = f"Re: {subject}"
            mail["In-Reply-To"] = ids[-1]
            mail["References"] = " ".join(ids[-5:])
            text += f"\n\nOn Mon, 5 Jan 2026 at 08:00, Help <help@example.com> wrote:\n> {sentences(chance, words)}"
            ids.append(message_id)
        else:
            sender = f"Customer {number} <customer{number % 4000}.{seed}@{domain}>"
            subject = " ".join(chance.choices(words, k=4)).capitalize()
            mail["Subject"] = subject
            known.append((sender, subject, [message_id]))
        mail["From"] = sender
        mail["To"] = "Help <help@example.com>"
        mail["Date"] = format_datetime(sent)
        mail["Message-ID"] = message_id
        mail.set_content(text + f"\n\n-- \n{sender.split(' <')[0]}\n")
        if chance.random() < 0.6:
            paragraphs = "".join(f"<p>{line}</p>" for line in text.splitlines() if line)
            mail.add_alternative(f"<html><body>{paragraphs}</body></html>", subtype="html")
        if chance.random() < 0.08:
            mail.add_attachment(PICTURE, maintype="image", subtype="png", filename=f"photo{number}.png")
        mails.append(mail.as_bytes())
    return mails


def sentences(chance: random.Random, words: list[str]) -> str:
    return " ".join(
        " ".join(chance.choices(words, k=chance.randint(6, 18))).capitalize() + "." for _ in range(chance.randint(1, 5))
    )
