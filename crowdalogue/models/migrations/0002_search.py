"""The word index: see crowdalogue/text/index.py."""

from django.db import migrations

from crowdalogue.text import index


def forwards(apps, schema_editor):
    index.make(schema_editor.connection.alias)


def backwards(apps, schema_editor):
    index.drop(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("crowdalogue", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
