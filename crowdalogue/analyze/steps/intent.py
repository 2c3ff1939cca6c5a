"""What a message is for: a question, complaint, praise, idea, purchase, leaving, review, spam or something else."""

from __future__ import annotations

from crowdalogue.analyze.steps import head

STEP = head.step("intent")
