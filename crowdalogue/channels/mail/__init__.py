"""Plain modules behind the e-mail channel: reading, cleaning, cutting, recognising, fetching, sending."""
