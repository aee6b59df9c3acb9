"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from tasks.views import door, preferences

urlpatterns = [
    path("admin/login/", door.admin_sign_in),  # before the admin's own
    path("admin/", admin.site.urls),
    path("language/", preferences.set_language, name="set_language"),
    path("account/", include("seedance_site.account_urls")),
    path("", include("tasks.urls")),
]
