"""One account for an e-mail, also in installations from before that was so."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection

migration: Any = import_module("tasks.migrations.0015_door")


def test_of_two_accounts_with_one_e_mail_the_older_keeps_it(db: None, capsys: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_account_an_email")
    said = ("One@example.com", "one@EXAMPLE.com", "Two@example.com", "", "")
    User.objects.bulk_create(
        User(username=f"person{n}", email=email) for n, email in enumerate(said)
    )
    migration.leave_one_account_an_email(apps, SimpleNamespace(connection=connection))
    kept = list(User.objects.order_by("pk").values_list("email", flat=True))
    assert kept == ["one@example.com", "", "two@example.com", "", ""]
    assert "not with person1" in capsys.readouterr().out
