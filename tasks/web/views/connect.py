"""A page that connects a program: a token, the lines for a tool, its first request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tasks.models import ApiToken, Project
from tasks.team import tokens
from tasks.web.forms.tokens import ConnectForm
from tasks.web.presenters.connecting import models_of, tools


@never_cache
@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest) -> HttpResponse:
    """Show how programs are connected; POST makes a token, which this answer alone contains."""
    person: Any = request.user
    now = timezone.now()
    form = ConnectForm(request.POST or None, asker=person)
    made: dict[str, Any] = {}
    projects = list(Project.objects.spendable_by(person).distinct().order_by("pk")[:2])
    project = projects[0] if projects else None
    if request.method == "POST" and form.is_valid():
        project = form.cleaned_data["project"]
        token, text = tokens.make_token(request, person, now=now, **form.values(now))
        made = {"made": token, "token": token, "text": text}
    models = models_of(project) if project else []
    origin = settings.PUBLIC_URL or request.build_absolute_uri("/")[:-1]
    context = {
        "form": form,
        "now": now,
        "project": project,
        "models": models,
        "has_several": len(projects) > 1,
        "tools": tools(origin, made.get("text", ""), models[0] if models else ""),
        **made,
    }
    return render(request, "connect/page.html", context)


@never_cache
@require_GET
def first_call(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell whether one of the user's own tokens was used, for a page that waits for it."""
    token = get_object_or_404(ApiToken.objects.own(request.user), pk=pk)
    now = timezone.now()
    context = {"token": token, "now": now, "is_alive": token.is_alive(now)}
    return render(request, "connect/_first_call.html", context)
