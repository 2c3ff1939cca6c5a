"""How soon somebody has to look at a message: low, normal or high. See docs/labelling.md."""

from __future__ import annotations

from crowdalogue.analyze.steps import head

STEP = head.step("urgency")
