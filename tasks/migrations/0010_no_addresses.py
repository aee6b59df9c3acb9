"""Removes the unverified addresses that password-reset links left in django-allauth's table.

An account's only e-mail is the one in its own row. An address left here would go on receiving links
to reset the password after the account's e-mail has changed.
"""

from django.db import migrations


def remove_unverified(apps, schema_editor):
    apps.get_model("account", "EmailAddress").objects.filter(verified=False).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("tasks", "0009_scrub"),
    ]

    operations = [migrations.RunPython(remove_unverified, migrations.RunPython.noop)]
