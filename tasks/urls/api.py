"""Addresses of the API, below /api/: Ark's own, and links to files."""

from django.urls import path, re_path

from tasks.web.api import ark, endpoint, files

ARK = "v3/contents/generations/tasks"

urlpatterns = [
    path(ARK, ark.tasks, name="ark_tasks"),
    path(f"{ARK}/<str:task_id>", ark.task, name="ark_task"),
    path("v3/models", ark.models, name="ark_models"),
    path("files/<str:signed>/<str:name>", files.file, name="api_file"),
    re_path(r"", endpoint.nothing, name="api_nothing"),
]
