"""django-q2's queue: its depth, and the jobs that pages put there.

The jobs themselves are in tasks/jobs.py, which imports the code that asks providers.
"""

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

#: Seconds in which a job may start creates while sweeps go on beside it, and seconds that it may
#: last, with the answers that it then waits for. After `retry` seconds django-q2 delivers it once
#: more; that job finds the first one at work and ends.
LONGEST_SEND = 560.0
SEND_TIMEOUT = 660


def depth() -> int:
    """Number of jobs that wait for a worker; one that a worker holds is locked and not counted."""
    return OrmQ.objects.filter(lock__lte=timezone.now()).count()


def is_waiting(job: str) -> bool:
    """Whether such a job waits for a worker; one that a worker holds, or died with, does not."""
    waiting = OrmQ.objects.filter(lock__lte=timezone.now()).order_by("-pk")
    return any(row.task.get("func") == job for row in waiting)


def once(job: str, *arguments: float, **options: int) -> bool:
    """Queue a job unless one waits, which will do its part; whether it did.

    Call it once everything that the job is to find is committed. Hundreds of equal jobs, one for
    each create of a busy program, would keep the sweep behind them waiting for minutes.
    """
    if is_waiting(job):
        return False
    async_task(job, *arguments, **options)
    return True


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
    once("tasks.jobs.send", LONGEST_SEND, timeout=SEND_TIMEOUT)


def call_clients() -> None:
    """Have a worker call the addresses that clients gave."""
    once("tasks.jobs.call_clients")


def cancel(pk: int) -> None:
    """Have a worker make the attempt to cancel."""
    async_task("tasks.jobs.cancel", pk)


def compare_bill(pk: int) -> None:
    """Have a worker read a bill and compare it with our charges."""
    async_task("tasks.jobs.compare_bill", pk)


def send_reset_letters(email: str, language: str) -> None:
    """Have a worker look for accounts with this e-mail, and send their letters."""
    async_task("tasks.jobs.send_reset_letters", email, language)
