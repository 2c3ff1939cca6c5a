"""Saved boards of charts."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crowdalogue", "0007_categories")]
    operations: list[migrations.operations.base.Operation] = []
