"""The site's addresses, and a view that does nothing, behind the same middleware and login."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


urlpatterns = [
    path("benchmarks/nothing/", nothing),
    path("", include("seedance_site.urls")),
]
