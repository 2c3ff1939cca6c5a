"""django-helpdesk from PyPI, in an environment of its own."""
