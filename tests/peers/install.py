"""`make peers-setup`: install the real servers that tests marked `peers` talk to, outside the checkout."""

from __future__ import annotations

from tests.peers import bluesky, prism, synapse, telegram
from tests.peers.place import home

if __name__ == "__main__":
    home().mkdir(parents=True, exist_ok=True)
    for peer in (synapse, bluesky, prism, telegram):
        peer.install()
        print(f"{peer.__name__.rpartition('.')[2]}: {peer.missing() or 'installed'}")
