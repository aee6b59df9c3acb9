"""All links of a film with its copy; earlier rows know but the one that is in their `url`.

The column takes no default, so that SQLite adds it without making the table anew.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tasks", "0002_field_words")]

    operations = [
        migrations.AddField(
            model_name="copy",
            name="links",
            field=models.JSONField(editable=False, null=True, verbose_name="links"),
        ),
    ]
