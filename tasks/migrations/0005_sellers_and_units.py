"""Money that providers name, and prices of a second or a video. Every price so far is of tokens.

The columns of charges may be empty, so that SQLite adds them without making the table anew: it would
lose the triggers that add the charges up.
"""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("tasks", "0004_available_models")]

    operations = [
        migrations.AddField(
            "task",
            "cost_micros",
            models.BigIntegerField(
                help_text="millionths", null=True, verbose_name="what the provider charged"
            ),
        ),
        migrations.AddField(
            "task",
            "cost_currency",
            models.CharField(max_length=3, null=True, verbose_name="currency of the charge"),
        ),
        migrations.AddField(
            "charge", "seconds", models.PositiveIntegerField(null=True, verbose_name="seconds")
        ),
        migrations.AddField(
            "charge",
            "provider_micros",
            models.BigIntegerField(
                help_text="millionths", null=True, verbose_name="money that the provider named"
            ),
        ),
        migrations.AddField(
            "submission",
            "estimated_least_money",
            models.DecimalField(
                decimal_places=6,
                max_digits=18,
                null=True,
                verbose_name="estimated money, at least",
            ),
        ),
        migrations.AddField(
            "price",
            "unit",
            models.CharField(
                choices=[
                    ("tokens", "a million tokens"),
                    ("second", "a second of the video"),
                    ("video", "a video"),
                ],
                db_default="tokens",
                default="tokens",
                max_length=6,
                verbose_name="price of",
            ),
        ),
        migrations.AlterField(
            "price", "model", models.CharField(max_length=60, verbose_name="model")
        ),
        migrations.AlterField(
            "price",
            "amount",
            models.DecimalField(
                decimal_places=4,
                max_digits=9,
                validators=[
                    MinValueValidator(Decimal("0")),
                    MaxValueValidator(Decimal("99999.9999")),
                ],
                verbose_name="price",
            ),
        ),
    ]
