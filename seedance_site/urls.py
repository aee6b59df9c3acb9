"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from tasks.views import door

urlpatterns = [
    path("admin/login/", door.admin_sign_in),  # before the admin's own
    path("admin/", admin.site.urls),
    path("language/", login_not_required(set_language), name="set_language"),
    path("", include("tasks.urls")),
]
