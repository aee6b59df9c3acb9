"""Addresses of single sign-on: of those services that were set."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.socialaccount import views
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST

from tasks.views.connections import Connections

View = Callable[..., HttpResponse]


def by_a_page_between(start: View) -> View:
    """Away by a page that leads there: our policy lets no form end on another site."""

    @require_POST
    @wraps(start)
    def away(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = start(request, *args, **kwargs)
        if not isinstance(answer, HttpResponseRedirectBase):
            return answer
        return render(request, "door/away.html", {"there": answer.url})

    return away


urlpatterns = [
    path("", Connections.as_view(), name="socialaccount_connections"),
    path("cancelled/", views.login_cancelled, name="socialaccount_login_cancelled"),
    path("error/", views.login_error, name="socialaccount_login_error"),
]
if "OIDC" in settings.SSO:
    from allauth.socialaccount.providers.openid_connect import views as oidc

    known = {"provider_id": "oidc"}
    urlpatterns += [
        path("oidc/", by_a_page_between(oidc.login), known, name="openid_connect_login"),
        path("oidc/back/", oidc.callback, known, name="openid_connect_callback"),
    ]
if "FEISHU" in settings.SSO:
    from allauth.socialaccount.providers.feishu import views as feishu

    urlpatterns += [
        path("feishu/", by_a_page_between(feishu.oauth2_login), name="feishu_login"),
        path("feishu/back/", feishu.oauth2_callback, name="feishu_callback"),
    ]
if "DINGTALK" in settings.SSO:
    from allauth.socialaccount.providers.dingtalk import views as dingtalk

    urlpatterns += [
        path("dingtalk/", by_a_page_between(dingtalk.oauth2_login), name="dingtalk_login"),
        path("dingtalk/back/", dingtalk.oauth2_callback, name="dingtalk_callback"),
    ]
