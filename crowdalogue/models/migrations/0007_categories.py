"""Categories a team teaches: examples, versions, what they catch, replays."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crowdalogue', '0006_alarms'),
    ]

    operations = [
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('description', models.TextField(blank=True)),
                ('active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('wanted_at', models.DateTimeField(blank=True, null=True)),
                ('claimed_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='CategoryVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('head', models.BinaryField()),
                ('embedding', models.CharField(max_length=40)),
                ('threshold', models.FloatField()),
                ('figures', models.JSONField(default=dict)),
                ('fingerprint', models.CharField(max_length=32)),
                ('yes', models.PositiveIntegerField(default=0)),
                ('no', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('waiting', 'Waits'), ('active', 'In use'), ('replaced', 'Replaced'), ('refused', 'Not taken')], default='waiting', max_length=10)),
                ('why', models.CharField(blank=True, max_length=300)),
                ('trained_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('took_over_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='crowdalogue.category')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='CategoryReplay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('running', 'Runs'), ('stopped', 'Stopped'), ('done', 'Done')], default='running', max_length=8)),
                ('why', models.CharField(blank=True, max_length=300)),
                ('top_id', models.PositiveBigIntegerField()),
                ('seen_id', models.PositiveBigIntegerField()),
                ('total', models.PositiveIntegerField(default=0)),
                ('judged', models.PositiveIntegerField(default=0)),
                ('weeks', models.JSONField(default=dict)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replays', to='crowdalogue.category')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replays', to='crowdalogue.categoryversion')),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='CategoryWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.DateField()),
                ('judged', models.PositiveIntegerField(default=0)),
                ('caught', models.PositiveIntegerField(default=0)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='weeks', to='crowdalogue.categoryversion')),
            ],
        ),
        migrations.CreateModel(
            name='MessageCategory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('yes', models.BooleanField(default=True)),
                ('confidence', models.FloatField(default=1.0)),
                ('sent_at', models.DateTimeField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='crowdalogue.category')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='crowdalogue.message')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crowdalogue.categoryversion')),
            ],
        ),
        migrations.CreateModel(
            name='CategoryExample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(blank=True)),
                ('digest', models.CharField(max_length=32)),
                ('vector', models.BinaryField(blank=True, null=True)),
                ('embedding', models.CharField(blank=True, max_length=40)),
                ('yes', models.BooleanField(blank=True, null=True)),
                ('source', models.CharField(choices=[('queue', 'From the queue'), ('search', 'Picked in a search'), ('correction', 'A correction'), ('pasted', 'Pasted'), ('file', 'From a file')], max_length=10)),
                ('density', models.FloatField(blank=True, null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='examples', to='crowdalogue.category')),
                ('message', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crowdalogue.message')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['category', '-id'], name='category_example_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('message__isnull', False)), fields=('category', 'message'), name='category_example_message'), models.UniqueConstraint(condition=models.Q(('message__isnull', True)), fields=('category', 'digest'), name='category_example_text')],
            },
        ),
        migrations.AddConstraint(
            model_name='categoryversion',
            constraint=models.UniqueConstraint(fields=('category', 'number'), name='category_version_once'),
        ),
        migrations.AddConstraint(
            model_name='categoryversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('category',), name='category_version_active'),
        ),
        migrations.AddConstraint(
            model_name='categoryreplay',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('category',), name='category_replay_running'),
        ),
        migrations.AddConstraint(
            model_name='categoryweek',
            constraint=models.UniqueConstraint(fields=('version', 'week'), name='category_week_once'),
        ),
        migrations.AddIndex(
            model_name='messagecategory',
            index=models.Index(fields=['category', 'yes', '-sent_at'], name='message_category_newest'),
        ),
        migrations.AddConstraint(
            model_name='messagecategory',
            constraint=models.UniqueConstraint(fields=('category', 'message'), name='message_category_once'),
        ),
    ]
