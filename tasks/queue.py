"""django-q2's queue: its depth, and the jobs that pages put there.

The jobs themselves are in tasks/jobs.py, which imports the code that asks providers.
"""

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task


def depth() -> int:
    """Number of jobs that wait for a worker; one that a worker holds is locked and not counted."""
    return OrmQ.objects.filter(lock__lte=timezone.now()).count()


def test_credential(pk: int) -> None:
    """Have a worker test a credential."""
    async_task("tasks.jobs.test_credential", pk)


def list_models(pk: int) -> None:
    """Have a worker ask a credential's provider for its models."""
    async_task("tasks.jobs.list_models", pk)


def purge() -> None:
    """Have a worker purge the trash."""
    async_task("tasks.jobs.purge")


def send() -> None:
    """Have a worker send the waiting creates."""
    async_task("tasks.jobs.send")


def call_clients() -> None:
    """Have a worker call the addresses that clients gave."""
    async_task("tasks.jobs.call_clients")


def cancel(pk: int) -> None:
    """Have a worker make the attempt to cancel."""
    async_task("tasks.jobs.cancel", pk)


def compare_bill(pk: int) -> None:
    """Have a worker read a bill and compare it with our charges."""
    async_task("tasks.jobs.compare_bill", pk)


def send_reset_letters(email: str, language: str) -> None:
    """Have a worker look for accounts with this e-mail, and send their letters."""
    async_task("tasks.jobs.send_reset_letters", email, language)
