"""Where the real servers for tests are installed: outside the checkout, for as long as the machine keeps it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def home() -> Path:
    """PEERS_HOME, or a folder of the machine's scratch space."""
    return Path(os.environ.get("PEERS_HOME") or Path(tempfile.gettempdir()) / "crowdalogue-peers")
