"""What the documented formula gives for each charge, and the frames of each saved file.

All columns are null at first: `rebuild_costs` compares what was charged before. Nothing is remade
on SQLite, so the triggers of both tables stay.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0018_outcome_words'),
    ]

    operations = [
        migrations.AddField(
            model_name='charge',
            name='formula_least',
            field=models.BigIntegerField(null=True, verbose_name='tokens by the formula, at least'),
        ),
        migrations.AddField(
            model_name='charge',
            name='formula_tokens',
            field=models.BigIntegerField(null=True, verbose_name='tokens by the formula'),
        ),
        migrations.AddField(
            model_name='charge',
            name='token_check',
            field=models.CharField(blank=True, choices=[('equal', 'As the formula'), ('more', 'More than the formula'), ('less', 'Less than the formula'), ('unknown', "Can't be compared")], max_length=7, null=True, verbose_name='tokens compared'),
        ),
        migrations.AddField(
            model_name='charge',
            name='token_difference',
            field=models.BigIntegerField(null=True, verbose_name='tokens beyond the formula'),
        ),
        migrations.AddField(
            model_name='charge',
            name='token_doubt',
            field=models.CharField(blank=True, max_length=10, null=True, verbose_name='not compared because'),
        ),
        migrations.AddField(
            model_name='copy',
            name='frames',
            field=models.PositiveIntegerField(null=True, verbose_name='frames'),
        ),
        migrations.AddField(
            model_name='copy',
            name='rate',
            field=models.FloatField(null=True, verbose_name='frames per second'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(condition=models.Q(('token_difference__isnull', False)), fields=['day', 'id'], name='charge_differing'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(condition=models.Q(('token_check__isnull', False)), fields=['day', 'project', 'token_check', 'token_doubt'], name='charge_compared'),
        ),
    ]
