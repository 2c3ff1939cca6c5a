"""What the doors still needed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crowdalogue", "0010_meaning")]
    operations: list[migrations.operations.base.Operation] = []
