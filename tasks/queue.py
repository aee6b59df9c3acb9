"""What waits in django-q2's queue, and what pages put there; apart from the jobs themselves,
which know how to ask a provider.
"""

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task


def depth() -> int:
    """Jobs that wait for a worker; one that a worker holds is locked and not counted."""
    return OrmQ.objects.filter(lock__lte=timezone.now()).count()


def test_credential(pk: int) -> None:
    """Have a worker ask the provider; tasks/jobs.py knows how."""
    async_task("tasks.jobs.test_credential", pk)


def purge() -> None:
    """Have a worker remove what is past its time in the trash; tasks/jobs.py knows how."""
    async_task("tasks.jobs.purge")


def send() -> None:
    """Have a worker send the creates that wait; tasks/jobs.py knows how."""
    async_task("tasks.jobs.send")


def cancel(pk: int) -> None:
    """Have a worker ask the provider to cancel; tasks/jobs.py knows how."""
    async_task("tasks.jobs.cancel", pk)
