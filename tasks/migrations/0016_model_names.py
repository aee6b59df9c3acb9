"""Names that a team gives to the catalog's models."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0015_door'),
    ]

    operations = [
        migrations.CreateModel(
            name='ModelName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.SlugField(max_length=30, verbose_name='provider')),
                ('name', models.CharField(help_text='As it is sent: ep-20261120-abcde, doubao-seedance-2.0-V2V …', max_length=200, verbose_name='name')),
                ('known_as', models.CharField(max_length=60, verbose_name='model behind it')),
            ],
            options={
                'verbose_name': 'model name',
                'verbose_name_plural': 'model names',
                'ordering': ['provider', 'name'],
                'constraints': [models.UniqueConstraint(fields=('provider', 'name'), name='named_once')],
            },
        ),
    ]
