"""What the newer steps found."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crowdalogue", "0009_weekly")]
    operations: list[migrations.operations.base.Operation] = []
