"""How the writer feels about what they write of: negative, neutral or positive. See docs/labelling.md."""

from __future__ import annotations

from crowdalogue.analyze.steps import head

STEP = head.step("sentiment")
