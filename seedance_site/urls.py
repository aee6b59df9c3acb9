"""All URLs of the site; they are in `tasks.urls`."""

from django.urls import include, path

urlpatterns = [path("", include("tasks.urls"))]

handler400 = "tasks.web.database_errors.bad_request"
handler500 = "tasks.web.database_errors.server_error"
