"""Rows that wait are tried one after the other; what goes wrong with one is kept on it, and the others go on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db.models import Model

from crowdalogue.errors import Failure

log = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)


def each(
    rows: Sequence[Row],
    deed: Callable[[Row], object],
    *,
    done: Callable[[Row], object],
    problem: Callable[[Row, Failure], object],
    broken: str = "It broke off for a reason of ours; see the log.",
) -> int:
    """Do `deed` with every row, then `done`; where it fails or breaks off, `problem` with the reason. Returns how many
    were tried.

    Logs name the row alone: what a provider said may hold addresses, and stands on the row.
    """
    for row in rows:
        name = row._meta.verbose_name
        try:
            deed(row)
        except Failure as failure:
            log.warning("%s %s not done: %s", name, row.pk, type(failure).__name__)
            problem(row, failure)
        except Exception:
            log.exception("%s %s broke", name, row.pk)
            problem(row, Failure(broken))
        else:
            done(row)
    return len(rows)
