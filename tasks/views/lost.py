"""Looking for a task whose create's answer was lost."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from tasks.models import Inquiry, Submission, Task


@require_POST
def look_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the provider's list gone through now; what comes of it appears on the task's page."""
    lost = Submission.objects.unconfirmed().filter(task__in=Task.objects.workable_by(request.user))
    submission = get_object_or_404(lost, task=pk)
    Inquiry.objects.hasten(submission, timezone.now())
    return redirect("task", pk)
