"""Put the pinned browser parts where the server finds them: `python -m crowdalogue.web.assets`.

Run after `npm ci` by `make setup`. The target folder is ignored by git: nothing third-party is committed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(__file__).parent / "static" / "vendor"

# our name -> file in node_modules; the licence lies beside it
PARTS = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx.LICENSE.txt": "htmx.org/LICENSE",
}


def copy(modules: Path = ROOT / "node_modules", target: Path = TARGET) -> list[str]:
    """Copy what is missing or changed; returns the names in place. Raises FileNotFoundError with a remedy."""
    target.mkdir(parents=True, exist_ok=True)
    for name, source in PARTS.items():
        found = modules / source
        if not found.is_file():
            raise FileNotFoundError(f"{source} is not in {modules.name}. Run `npm ci` first, or `make setup`.")
        content = found.read_bytes()
        here = target / name
        if not here.is_file() or here.read_bytes() != content:
            partial = here.with_suffix(here.suffix + ".part")
            partial.write_bytes(content)
            shutil.move(partial, here)
    return sorted(PARTS)


if __name__ == "__main__":
    try:
        copy()
    except FileNotFoundError as error:
        sys.exit(str(error))
