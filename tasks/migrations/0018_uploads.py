"""Pictures that people gave, to be made into videos."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0017_cancellations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(editable=False, max_length=64, verbose_name='SHA-256')),
                ('size', models.PositiveIntegerField(help_text='bytes', verbose_name='size')),
                ('width', models.PositiveIntegerField(verbose_name='width')),
                ('height', models.PositiveIntegerField(verbose_name='height')),
                ('kind', models.CharField(choices=[('jpeg', 'jpeg'), ('png', 'png'), ('webp', 'webp'), ('gif', 'gif'), ('bmp', 'bmp')], max_length=4, verbose_name='kind')),
                ('name', models.CharField(default='', editable=False, max_length=100, verbose_name='file')),
                ('created_at', models.DateTimeField(editable=False, verbose_name='uploaded')),
                ('touched_at', models.DateTimeField(editable=False, verbose_name='last wanted')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tasks.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'upload',
                'verbose_name_plural': 'uploads',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='submission',
            name='uploads',
            field=models.ManyToManyField(editable=False, related_name='submissions', to='tasks.upload'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['touched_at'], name='upload_touched'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.UniqueConstraint(condition=models.Q(('sha256', ''), _negated=True), fields=('project', 'sha256'), name='upload_once_a_project'),
        ),
    ]
