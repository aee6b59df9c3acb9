"""What was made here, to look at; and the names of models, which a team adds to the catalog."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tasks.admin.looking import HEAVY, OfMany, OfTasks
from tasks.models import (
    Batch,
    Callback,
    Cancellation,
    Candidate,
    Inquiry,
    ModelName,
    SavedPrompt,
    Submission,
    Upload,
)
from tasks.providers import PROVIDERS
from tasks.providers.catalog import MODELS


class ModelNameForm(forms.ModelForm):
    provider = forms.ChoiceField(
        label=_("Provider"), choices=[(known.slug, _(known.label)) for known in PROVIDERS]
    )
    known_as = forms.ChoiceField(
        label=_("Model behind it"),
        choices=[(model.name, model.label) for model in reversed(MODELS)],
    )

    class Meta:
        model = ModelName
        fields = ("provider", "name", "known_as")


@admin.register(ModelName)
class ModelNameAdmin(admin.ModelAdmin):
    form = ModelNameForm
    list_display = ("name", "provider", "known_as")
    list_filter = ("provider",)
    search_fields = ("name", "known_as")


@admin.register(Batch)
class BatchAdmin(OfMany):
    list_display = ("id", "project", "credential", "created_by", "created_at", "takes")
    list_filter = ("project", "credential")
    list_select_related = ("project", "credential", "created_by")
    search_fields = ("=id", "created_by__username")


@admin.register(Upload)
class UploadAdmin(OfMany):
    list_display = ("id", "project", "created_by", "created_at", "kind", "width", "height", "size")
    list_filter = ("project", "kind")
    list_select_related = ("project", "created_by")
    search_fields = ("created_by__username", "project__name")


@admin.register(SavedPrompt)
class SavedPromptAdmin(OfMany):
    list_display = ("name", "project", "created_by", "changed_at")
    list_filter = ("project",)
    list_select_related = ("project", "created_by")
    search_fields = ("name", "text", "project__name", "created_by__username")

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).defer("text")


@admin.register(Submission)
class SubmissionAdmin(OfTasks):
    list_display = (
        "task", "state", "take", "kinship", "parent", "sent_at", "ended_at", "trouble",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("task", "parent")

    def get_queryset(self, request: Any) -> Any:
        heavy = (f"parent__{name}" for name in HEAVY)
        return super().get_queryset(request).defer("wish", *heavy)


@admin.register(Cancellation)
class CancellationAdmin(OfTasks):
    list_display = ("task", "outcome", "asked_by", "asked_at", "ended_at")
    list_filter = ("outcome",)
    list_select_related = ("task", "asked_by")


@admin.register(Inquiry)
class InquiryAdmin(OfMany):
    list_display = ("submission", "outcome", "looks", "looked_at", "due_at", "trouble")
    list_filter = ("outcome",)
    list_select_related = ("submission",)
    search_fields = ("=submission__task__remote_id",)


@admin.register(Candidate)
class CandidateAdmin(OfMany):
    list_display = ("remote_id", "inquiry", "status", "created_at", "agreed")
    list_filter = ("status",)
    list_select_related = ("inquiry",)
    search_fields = ("=remote_id",)


@admin.register(Callback)
class CallbackAdmin(OfMany):
    hidden = ("digest",)  # it opens nothing, and tells nothing
    list_display = ("submission", "made_at", "called_at")
    list_filter = (("called_at", admin.EmptyFieldListFilter),)
    list_select_related = ("submission",)
    search_fields = ("=submission__task__remote_id",)
