"""The one Django app."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class Crowdalogue(AppConfig):
    name = "crowdalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.conf import settings

        from crowdalogue import checks, http
        from crowdalogue.text import index, store

        checks.register()
        http.configure(private_addresses=settings.PRIVATE_ADDRESSES)
        connection_created.connect(store.prepare_connection, dispatch_uid="crowdalogue.store")
        post_migrate.connect(index.after_migrate, sender=self, dispatch_uid="crowdalogue.words")
