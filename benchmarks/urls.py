"""The site's addresses, and two views that do next to nothing behind the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import include, path
from django.utils.html import format_html


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


def sheet(request: HttpRequest) -> HttpResponse:
    """A page with our style sheet, and nothing but a link to itself."""
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta name="viewport" content="width=device-width">'
        '<title>A sheet</title><link rel="stylesheet" href="{}"></head>'
        '<body><a href="{}">Nothing</a></body></html>'
    )
    return HttpResponse(format_html(page, static("dailies.css"), request.path))


urlpatterns = [
    path("benchmarks/nothing/", nothing),
    path("benchmarks/sheet/", sheet),
    path("", include("seedance_site.urls")),
]
