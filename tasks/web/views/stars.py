"""The star by which a person marks a task."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from tasks.models import Star, Task
from tasks.web.views.posted import return_address


@require_POST
def star(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the person's own star, or remove it."""
    task = get_object_or_404(Task.objects.visible_to(request.user).only("pk"), pk=pk)
    is_starred = Star.objects.toggle(request.user, task)
    if "hx-request" in request.headers:
        stars = Star.objects.filter(task=task).count()
        context = {"pk": pk, "is_starred": is_starred, "stars": stars}
        return render(request, "tasks/_star_mark.html", context)
    return redirect(return_address(request, "tasks"))
