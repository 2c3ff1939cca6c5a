"""Feeds: documents in RSS, Atom or JSON Feed read into plain entries."""
