"""Whether a project's viewers see costs and technical details. In every project so far they do not.

SQLite makes the table of projects anew, on which there is no trigger.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("tasks", "0007_foreign_tasks")]

    operations = [
        migrations.AddField(
            "project",
            "viewers_see_details",
            models.BooleanField(
                db_default=False,
                default=False,
                verbose_name="viewers see costs and technical details",
            ),
        ),
    ]
