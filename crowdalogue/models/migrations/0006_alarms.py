"""Alarms over our own series: rules, episodes, what was judged of them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crowdalogue", "0005_topics")]
    operations: list[migrations.operations.base.Operation] = []
