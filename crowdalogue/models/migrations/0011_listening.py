"""Who waits to be weighed, and messages that were kept apart or taken back, are found without reading all rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crowdalogue", "0010_meaning")]
    operations: list[migrations.operations.base.Operation] = [
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", True)),
                fields=["merged_into", "looked_at", "id"],
                name="person_to_weigh",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(condition=models.Q(("apart__isnull", False)), fields=["id"], name="message_apart"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["id"], name="message_deleted"
            ),
        ),
    ]
