"""The change counter's one row, and the project that every installation starts with."""

from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("tasks", "ChangeCounter").objects.get_or_create(id=1)
    apps.get_model("tasks", "Project").objects.get_or_create(name="Dailies")


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
