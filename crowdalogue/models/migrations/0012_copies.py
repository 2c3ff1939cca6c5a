"""Copies of a text are found by the first of them: counting them went through every message."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crowdalogue', '0011_listening'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='reading',
            index=models.Index(
                condition=models.Q(('duplicate_of__isnull', False)),
                fields=['duplicate_of'],
                name='reading_of_copies',
            ),
        ),
    ]
