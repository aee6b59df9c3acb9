"""Read-only rows of creates; and the model names that a team adds to the catalog."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tasks.admin.base import StaffAdmin
from tasks.admin.read_only import HEAVY, LargeTableAdmin, ReadOnlyAdmin, TaskRowsAdmin
from tasks.models import (
    ApiCallback,
    ApiCreate,
    ApiDeletion,
    AvailableModel,
    Batch,
    Callback,
    Cancellation,
    Candidate,
    CreateLookup,
    ModelName,
    SavedPrompt,
    Submission,
    Upload,
)
from tasks.providers import PROVIDERS
from tasks.providers.catalog.models import MODELS


class ModelNameForm(forms.ModelForm):
    """A model name, with known providers and models to choose from."""

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
        help_texts = {
            "name": _("Exactly as the reseller's API expects it, e.g. seedance-2.0-fast.")
        }


@admin.register(ModelName)
class ModelNameAdmin(StaffAdmin):
    about = _("Names a reseller uses for models we know.")
    form = ModelNameForm
    list_display = ("name", "provider", "known_as")
    list_filter = ("provider",)
    search_fields = ("name", "known_as")


@admin.register(AvailableModel)
class AvailableModelAdmin(ReadOnlyAdmin):
    about = _("Models each provider lists, refreshed once a day.")
    list_display = ("name", "credential", "status", "has_ended", "first_seen_at")
    list_filter = ("has_ended", "credential")
    list_select_related = ("credential",)
    search_fields = ("name",)


@admin.register(Batch)
class BatchAdmin(LargeTableAdmin):
    about = _("One press of Generate each, with one take or several.")
    list_display = ("id", "project", "credential", "created_by", "created_at", "takes")
    list_filter = ("project", "credential")
    list_select_related = ("project", "credential", "created_by")
    search_fields = ("created_by__username", "project__name")
    day_field = "created_at"


@admin.register(Upload)
class UploadAdmin(LargeTableAdmin):
    name_plural = _("uploads")
    about = _("Files people uploaded as references, first or last frames.")
    hidden = ("picture", "picture_size", "picture_hash")
    day_field = "created_at"
    list_display = ("id", "project", "created_by", "created_at", "kind", "width", "height", "size")
    list_filter = ("project", "kind")
    list_select_related = ("project", "created_by")
    search_fields = ("created_by__username", "project__name")


@admin.register(SavedPrompt)
class SavedPromptAdmin(LargeTableAdmin):
    about = _("Prompts a project keeps for reuse.")
    list_display = ("name", "project", "created_by", "changed_at")
    list_filter = ("project",)
    list_select_related = ("project", "created_by")
    search_fields = ("name", "text", "project__name", "created_by__username")

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).defer("text")


@admin.register(Submission)
class SubmissionAdmin(TaskRowsAdmin):
    name_plural = _("create requests")
    about = _("The one attempt to create each task, and its outcome.")
    list_display = (
        "task", "state", "take", "relation", "parent", "sent_at", "ended_at", "trouble",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("task", "parent")

    def get_queryset(self, request: Any) -> Any:
        heavy = (f"parent__{name}" for name in HEAVY)
        return super().get_queryset(request).defer("request", *heavy)


@admin.register(Cancellation)
class CancellationAdmin(TaskRowsAdmin):
    about = _("Requests to cancel a task, and whether the provider did.")
    day_field = "asked_at"
    list_display = ("task", "outcome", "asked_by", "asked_at", "ended_at")
    list_filter = ("outcome",)
    list_select_related = ("task", "asked_by")


@admin.register(CreateLookup)
class CreateLookupAdmin(TaskRowsAdmin):
    about = _("Searches in a provider's list for a create whose answer was lost.")
    task_path = "submission__task"
    list_display = ("submission", "outcome", "attempts", "attempted_at", "due_at", "trouble")
    list_filter = ("outcome",)
    list_select_related = ("submission__task",)
    search_fields = ("submission__task__remote_id",)


@admin.register(Candidate)
class CandidateAdmin(TaskRowsAdmin):
    about = _("Tasks at a provider that such a create may have made.")
    task_path = "lookup__submission__task"
    list_display = ("remote_id", "lookup", "status", "created_at", "agreed")
    list_filter = ("status",)
    list_select_related = ("lookup__submission__task",)
    search_fields = ("lookup__submission__task__remote_id",)


@admin.register(Callback)
class CallbackAdmin(TaskRowsAdmin):
    about = _("Addresses a provider may call when a task changes, and whether it has.")
    task_path = "submission__task"
    hidden = ("digest",)  # the hash of a token: of no use to anybody
    list_display = ("submission", "made_at", "called_at")
    list_filter = (("called_at", admin.EmptyFieldListFilter),)
    list_select_related = ("submission__task",)
    search_fields = ("submission__task__remote_id",)


@admin.register(ApiCreate)
class ApiCreateAdmin(ReadOnlyAdmin):
    about = _("Creates that came with an API token, and whether their answers went out.")
    ordering = ("-pk",)
    list_display = ("batch", "answered_at")
    list_filter = (("answered_at", admin.EmptyFieldListFilter),)
    list_select_related = ("batch__project",)
    search_fields = ("batch__submissions__task__remote_id",)


@admin.register(ApiCallback)
class ApiCallbackAdmin(TaskRowsAdmin):
    about = _("Calls that programs want when a task changes, and what they were told last.")
    task_path = "submission__task"
    hidden = ("url",)  # whoever knows it may call it
    ordering = ("-pk",)
    list_display = ("submission", "told", "due_at", "tries")
    list_filter = ("told",)
    list_select_related = ("submission__task",)
    search_fields = ("submission__task__remote_id",)


@admin.register(ApiDeletion)
class ApiDeletionAdmin(TaskRowsAdmin):
    about = _("Tasks that programs deleted: only the API answers as if they were gone.")
    ordering = ("-pk",)
    list_display = ("task", "deleted_at")
    list_filter = ("task__status",)
    list_select_related = ("task",)
