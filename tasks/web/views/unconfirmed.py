"""The search for a task whose create is unconfirmed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from tasks.models import CreateLookup, Submission, Task


@require_POST
def retry_lookup(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the provider's list searched now; the result appears on the task's page."""
    editable = Task.objects.editable_by(request.user)
    unconfirmed = Submission.objects.unconfirmed().filter(task__in=editable)
    submission = get_object_or_404(unconfirmed, task=pk)
    CreateLookup.objects.hasten(submission, timezone.now())
    return redirect("task", pk)
