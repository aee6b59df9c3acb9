"""A cache that all processes share, one account for an e-mail, links past a second factor."""

from django.core.management import call_command
from django.db import migrations, models
from django.db.models.functions import Lower


def make_cache_table(apps, schema_editor):
    """Also where Redis is used now: it may not always be."""
    alias = schema_editor.connection.alias
    call_command("createcachetable", "tasks_cache", database=alias, verbosity=0)


def drop_cache_table(apps, schema_editor):
    schema_editor.execute('DROP TABLE IF EXISTS "tasks_cache"')


def leave_one_account_an_email(apps, schema_editor):
    """The oldest account keeps it: until now an e-mail was a note, and nobody signed in with it."""
    people = apps.get_model("auth", "User").objects.using(schema_editor.connection.alias)
    people.exclude(email=Lower("email")).update(email=Lower("email"))
    seen = set()
    for person in people.exclude(email="").order_by("pk"):
        if person.email in seen:
            print(f"\n  {person.email} stays with an older account, not with {person.username}.")
            people.filter(pk=person.pk).update(email="")
        seen.add(person.email)


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0014_submissions"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AddField("signinlink", "without_second_factor", models.BooleanField(default=False)),
        migrations.RunPython(make_cache_table, drop_cache_table),
        migrations.RunPython(leave_one_account_an_email, migrations.RunPython.noop),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX one_account_an_email ON auth_user (LOWER(email)) WHERE email <> ''",
            "DROP INDEX one_account_an_email",
        ),
    ]
