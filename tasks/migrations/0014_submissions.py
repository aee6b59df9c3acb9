"""Making tasks: what was wished for, and the one attempt to send it."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0013_trash_and_stars'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='idempotency key')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tasks.credential', verbose_name='credential')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tasks.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'batch',
                'verbose_name_plural': 'batches',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('take', models.PositiveIntegerField(default=1, verbose_name='take')),
                ('wish', models.JSONField(verbose_name='wish')),
                ('state', models.CharField(choices=[('waiting', 'Waiting to be sent'), ('sending', 'Being sent'), ('made', 'Made'), ('refused', 'Refused'), ('unconfirmed', 'Unconfirmed'), ('given_up', 'Given up')], default='waiting', max_length=11, verbose_name='state')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='answered')),
                ('trouble', models.CharField(blank=True, default='', max_length=20, verbose_name='trouble')),
                ('message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='submissions', to='tasks.batch')),
                ('task', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='submission', to='tasks.task')),
            ],
            options={
                'verbose_name': 'submission',
                'verbose_name_plural': 'submissions',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'sending'])), fields=['id'], name='submission_open')],
            },
        ),
    ]
