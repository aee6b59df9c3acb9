"""Addresses of the API in other shapes, below /v1/: OpenAI's videos, new-api's generations."""

from django.urls import path, re_path

from tasks.web.api import ark, endpoint, newapi, openai

urlpatterns = [
    path("videos", openai.videos, name="openai_videos"),
    path("videos/<str:task_id>", openai.video, name="openai_video"),
    path("videos/<str:task_id>/content", openai.content, name="openai_content"),
    path("video/generations", newapi.generations, name="newapi_generations"),
    path("video/generations/<str:task_id>", newapi.generation, name="newapi_generation"),
    path("models", ark.models, name="openai_models"),
    re_path(r"", endpoint.nothing, name="gateway_nothing"),
]
