"""What the newer steps found, and the names a company goes by: products, stores, proposals."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crowdalogue', '0009_weekly'),
    ]

    operations = [
        migrations.AddField(
            model_name='reading',
            name='country',
            field=models.CharField(blank=True, max_length=3, null=True),
        ),
        migrations.AddField(
            model_name='reading',
            name='hearsay',
            field=models.CharField(blank=True, max_length=12, null=True),
        ),
        migrations.AddField(
            model_name='reading',
            name='product',
            field=models.CharField(blank=True, max_length=120, null=True),
        ),
        migrations.CreateModel(
            name='NameProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('count', models.PositiveIntegerField(default=0)),
                ('authors', models.PositiveIntegerField(default=0)),
                ('examples', models.JSONField(blank=True, default=list)),
                ('state', models.CharField(choices=[('open', 'Waiting'), ('adopted', 'Adopted'), ('dismissed', 'No product')], default='open', max_length=9)),
                ('found_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-authors', 'name'),
            },
        ),
        migrations.CreateModel(
            name='CatalogueEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('product', 'Product'), ('store', 'Store')], default='product', max_length=8)),
                ('name', models.CharField(max_length=120)),
                ('synonyms', models.JSONField(blank=True, default=list)),
                ('codes', models.JSONField(blank=True, default=list)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('source', models.CharField(choices=[('person', 'Entered'), ('file', 'From a file'), ('records', 'From orders'), ('proposal', 'Found in messages')], default='person', max_length=8)),
                ('demo', models.BooleanField(default=False)),
                ('changed_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('brand', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='crowdalogue.brand')),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('kind', 'name'), name='catalogue_once')],
            },
        ),
    ]
