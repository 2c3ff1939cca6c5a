"""Where the writer stands with the company: considering, buying, waiting, first use, using, a problem, and so on.

See docs/labelling.md for what each stage means, and docs/models/journey.md for how far to trust it.
"""

from __future__ import annotations

from crowdalogue.analyze.steps import careful

# Below this, fewer than half of the labels come true; docs/models/journey.md has the curve.
SURE = 0.4

STEP = careful.step("journey", SURE)
