"""The site, and one page that breaks with a key in its hands."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from tasks.models import Credential


@login_not_required
def breaks(request: HttpRequest) -> HttpResponse:
    value = Credential.objects.get(name=request.GET["credential"]).reveal_key()
    raise ValueError(f"Illegal header value 'Bearer {value}'")


urlpatterns = [path("breaks", breaks), path("", include("seedance_site.urls"))]
