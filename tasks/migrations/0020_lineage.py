"""Where a task comes from, and of how many takes a batch was."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce


def count_takes(apps, schema_editor):
    """Of the batches there are; what was deleted for good since is not counted any more."""
    Submission = apps.get_model("tasks", "Submission")
    of_one = Submission.objects.filter(batch=OuterRef("pk")).order_by().values("batch")
    number = Subquery(of_one.annotate(number=Count("pk")).values("number"))
    apps.get_model("tasks", "Batch").objects.update(takes=Coalesce(number, 1))


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0019_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='batch',
            name='takes',
            field=models.PositiveIntegerField(db_default=1, default=1, verbose_name='takes'),
        ),
        migrations.RunPython(count_takes, migrations.RunPython.noop),
        migrations.AddField(
            model_name='submission',
            name='kinship',
            field=models.CharField(blank=True, choices=[('retry', 'tried again'), ('again', 'made again'), ('edited', 'changed'), ('final', 'final of the draft'), ('continued', 'on from the last frame'), ('seed', 'with the same seed')], db_default='', default='', max_length=9, verbose_name='kinship'),
        ),
        migrations.AddField(
            model_name='submission',
            name='parent',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='offspring', to='tasks.task', verbose_name='comes from'),
        ),
    ]
