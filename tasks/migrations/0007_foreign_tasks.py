"""A status for ids that another project's create made; the audit's word for their way there.

Only choices change, so neither database alters a table, and SQLite loses no trigger.
"""

from django.db import migrations, models

STATUSES = [
    ("submitting", "Submitting"),
    ("unconfirmed", "Unconfirmed"),
    ("unknown", "Unknown"),
    ("queued", "Queued"),
    ("running", "Running"),
    ("succeeded", "Succeeded"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
    ("expired", "Expired"),
    ("lost", "Lost"),
    ("foreign", "Elsewhere"),
]
VERBS = [('signed_in', 'signed in'), ('sign_in_failed', 'could not sign in'), ('signed_out', 'signed out'), ('sessions_ended', 'ended sessions'), ('password_changed', 'changed the password'), ('factor_added', 'added a second factor'), ('factor_removed', 'removed a second factor'), ('invited', 'invited'), ('invitation_withdrawn', 'withdrew an invitation'), ('joined', 'joined'), ('role_changed', 'changed a role'), ('person_removed', 'removed a person'), ('person_added', 'made an account'), ('person_changed', 'changed an account'), ('project_made', 'made a project'), ('project_changed', 'changed a project'), ('project_removed', 'removed a project'), ('credential_added', 'added a credential'), ('credential_changed', 'changed a credential'), ('credential_removed', 'removed a credential'), ('key_replaced', 'replaced a key'), ('price_set', 'set a price'), ('price_ended', 'ended a price'), ('price_removed', 'removed a price'), ('budget_changed', 'changed a budget'), ('prompt_saved', 'saved a prompt'), ('prompt_changed', 'changed a saved prompt'), ('tracked', 'tracked tasks'), ('adopted', 'adopted tasks'), ('moved', 'moved to the project that pays'), ('exported', 'exported'), ('deleted', 'deleted'), ('restored', 'restored'), ('purged', 'deleted for good'), ('cancelled', 'cancelled')]


def status(label, **more):
    return models.CharField(choices=STATUSES, max_length=12, verbose_name=label, **more)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0006_profile_view")]

    operations = [
        migrations.AlterField(
            "auditentry",
            "verb",
            models.CharField(choices=VERBS, max_length=24, verbose_name="did what"),
        ),
        migrations.AlterField("task", "status", status("status", default="unknown")),
        migrations.AlterField("statuschange", "was", status("was")),
        migrations.AlterField("statuschange", "became", status("became")),
        migrations.AlterField("candidate", "status", status("status")),
        migrations.AlterField("untrackedtask", "status", status("status")),
        migrations.AlterField(
            "difference", "status_there", status("status there", default="", blank=True)
        ),
    ]
