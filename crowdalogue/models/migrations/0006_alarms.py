"""Alarms over our own series: rules, episodes, what was judged of them."""

import crowdalogue.models.secret
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crowdalogue', '0005_topics'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlarmTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=20, unique=True)),
                ('until', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='AlarmWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('monday', models.DateField(unique=True)),
                ('promised', models.FloatField()),
                ('raised', models.PositiveIntegerField(default=0)),
                ('judged_true', models.PositiveIntegerField(default=0)),
                ('judged_false', models.PositiveIntegerField(default=0)),
                ('counted_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='AlarmRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('family', models.CharField(choices=[('all', 'Everything said'), ('negative', 'Negative messages'), ('topic', 'Each topic'), ('product', 'Each product'), ('intent', 'Each intent'), ('channel', 'Each channel'), ('brand', 'Each brand'), ('watch', 'Each watch and competitor')], max_length=10)),
                ('query', models.CharField(blank=True, max_length=1000)),
                ('budget', models.FloatField(default=1.0)),
                ('tell', models.JSONField(blank=True, default=dict)),
                ('secrets', crowdalogue.models.secret.SecretJSONField(blank=True, default=dict)),
                ('active', models.BooleanField(default=True)),
                ('muted_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='AlarmEpisode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(blank=True, max_length=160)),
                ('family', models.CharField(max_length=10)),
                ('name', models.CharField(max_length=200)),
                ('query', models.CharField(blank=True, max_length=1000)),
                ('hours', models.PositiveSmallIntegerField(default=1)),
                ('step_at', models.DateTimeField()),
                ('raised_at', models.DateTimeField()),
                ('began', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('ended', models.DateTimeField(blank=True, null=True)),
                ('count', models.FloatField()),
                ('expected', models.FloatField()),
                ('peak', models.FloatField()),
                ('needed', models.FloatField()),
                ('state', models.CharField(choices=[('open', 'Open'), ('seen', 'Acknowledged'), ('muted', 'Muted'), ('true', 'Judged true'), ('false', 'Judged false')], default='open', max_length=6)),
                ('state_at', models.DateTimeField(blank=True, null=True)),
                ('muted_until', models.DateTimeField(blank=True, null=True)),
                ('why', models.CharField(blank=True, max_length=300)),
                ('past', models.JSONField(blank=True, default=list)),
                ('evidence', models.JSONField(blank=True, default=dict)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('state_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='episodes', to='crowdalogue.alarmrule')),
            ],
        ),
        migrations.CreateModel(
            name='AlarmSeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=160)),
                ('name', models.CharField(max_length=200)),
                ('hours', models.PositiveSmallIntegerField(default=1)),
                ('state', models.CharField(choices=[('watched', 'Watched'), ('short', 'Too little data to tell'), ('left_out', 'Left out: not among the largest')], default='short', max_length=8)),
                ('size', models.FloatField(default=0.0)),
                ('expected', models.FloatField(blank=True, null=True)),
                ('needed', models.FloatField(blank=True, null=True)),
                ('decided_until', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='series', to='crowdalogue.alarmrule')),
            ],
        ),
        migrations.CreateModel(
            name='AlarmTrial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Broken off')], default='waiting', max_length=8)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('result', models.JSONField(blank=True, default=dict)),
                ('reason', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('claimed_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='AlarmNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('way', models.CharField(max_length=8)),
                ('target', models.CharField(blank=True, max_length=500)),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('sent', 'Delivered'), ('failed', 'Not delivered')], default='queued', max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('reason', models.TextField(blank=True)),
                ('not_before', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('episode', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='crowdalogue.alarmepisode')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['not_before'], name='alarm_notice_queued')],
                'constraints': [models.UniqueConstraint(fields=('episode', 'way', 'target'), name='alarm_notice_once')],
            },
        ),
        migrations.AddIndex(
            model_name='alarmepisode',
            index=models.Index(fields=['-raised_at', '-id'], name='alarm_newest'),
        ),
        migrations.AddIndex(
            model_name='alarmepisode',
            index=models.Index(condition=models.Q(('ended__isnull', True)), fields=['ended'], name='alarm_going_on'),
        ),
        migrations.AddIndex(
            model_name='alarmepisode',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['state'], name='alarm_open'),
        ),
        migrations.AddConstraint(
            model_name='alarmepisode',
            constraint=models.UniqueConstraint(fields=('rule', 'key', 'hours', 'step_at'), name='alarm_episode_once'),
        ),
        migrations.AddConstraint(
            model_name='alarmseries',
            constraint=models.UniqueConstraint(fields=('rule', 'key', 'hours'), name='alarm_series_once'),
        ),
    ]
