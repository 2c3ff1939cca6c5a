"""The weekly page, what was sent of it, and questions to analysts."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crowdalogue", "0008_boards")]
    operations: list[migrations.operations.base.Operation] = []
