"""Addresses of single sign-on, for the configured services."""

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

from tasks.web.views.sso_connections import Connections

View = Callable[..., HttpResponse]


def through_a_page(start: View) -> View:
    """Leave by a page of ours with a link to the service: our CSP lets no form lead elsewhere."""

    @require_POST
    @wraps(start)
    def leave(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = start(request, *args, **kwargs)
        if not isinstance(answer, HttpResponseRedirectBase):
            return answer
        return render(request, "signin/away.html", {"there": answer.url})

    return leave


urlpatterns = [
    path("", Connections.as_view(), name="socialaccount_connections"),
    path("cancelled/", views.login_cancelled, name="socialaccount_login_cancelled"),
    path("error/", views.login_error, name="socialaccount_login_error"),
]
if "OIDC" in settings.SSO:
    from allauth.socialaccount.providers.openid_connect import views as oidc

    known = {"provider_id": "oidc"}
    urlpatterns += [
        path("oidc/", through_a_page(oidc.login), known, name="openid_connect_login"),
        path("oidc/back/", oidc.callback, known, name="openid_connect_callback"),
    ]
if "FEISHU" in settings.SSO:
    from allauth.socialaccount.providers.feishu import views as feishu

    urlpatterns += [
        path("feishu/", through_a_page(feishu.oauth2_login), name="feishu_login"),
        path("feishu/back/", feishu.oauth2_callback, name="feishu_callback"),
    ]
if "DINGTALK" in settings.SSO:
    from allauth.socialaccount.providers.dingtalk import views as dingtalk

    urlpatterns += [
        path("dingtalk/", through_a_page(dingtalk.oauth2_login), name="dingtalk_login"),
        path("dingtalk/back/", dingtalk.oauth2_callback, name="dingtalk_callback"),
    ]
