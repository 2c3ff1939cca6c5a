"""Categories a team teaches, and their versions."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crowdalogue", "0006_alarms")]
    operations: list[migrations.operations.base.Operation] = []
