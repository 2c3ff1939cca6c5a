"""SQLite as Django's database backend, with one change: whoever waits for the write lock gets it soon."""
