"""What waits in django-q2's queue; apart from the jobs, so that a page may ask."""

from django.utils import timezone
from django_q.models import OrmQ


def depth() -> int:
    """Jobs that wait for a worker; one that a worker holds is locked and not counted."""
    return OrmQ.objects.filter(lock__lte=timezone.now()).count()
