"""Tasks and their history, read-only: only the sweep writes them. Deleting means the trash."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tasks.admin import cells
from tasks.admin.read_only import HEAVY, LargeTableAdmin, ReadOnlyInline, TaskRowsAdmin
from tasks.admin.task_list import TASK_FILTERS, TaskChangeList
from tasks.models import AuditAction, Copy, StatusChange, Submission, Task
from tasks.team.audit import note_each
from tasks.web.presenters.task import TaskPresenter
from tasks.web.presenters.thumbnail import Thumbnail

#: The columns of a task's page, by heading; the folded ones are for somebody who looks for a fault.
ORDER = (
    *("model", "action", "resolution", "ratio", "duration", "frames", "framespersecond"),
    *("generate_audio", "seed", "draft", "draft_task_id", "output_format", "service_tier"),
    *("priority", "execution_expires_after", "tools", "safety_identifier", "revised_prompt"),
)
MONEY = (
    *("total_tokens", "completion_tokens", "web_searches", "quota"),
    *("cost_micros", "cost_currency"),
)
PROVIDER = (
    *("provider", "base_url", "remote_id", "request_id", "status_word", "progress"),
    *("error_code", "error_message"),
    *("video_url", "video_needs_key", "last_frame_url", "file_url", "link_ends_at"),
)
TIMES = (
    *("created_at", "remote_created_at", "queued_at", "running_at", "remote_started_at"),
    *("ended_at", "remote_finished_at", "remote_updated_at", "deleted_at", "deleted_by"),
)
CHECKS = (
    *("check_after", "asked_at", "heard_at", "trouble", "trouble_message"),
    *("troubles_in_a_row", "not_founds", "answer_digest"),
)
FOLDED = ("collapse",)


class PageActionForm(ActionForm):
    """An action reaches the rows that are ticked on a page, and never a whole table."""

    def clean_select_across(self) -> bool:
        return False


class StatusChangeInline(ReadOnlyInline):
    model = StatusChange
    fields = ("at", "was", "became", "word")
    ordering = ("id",)


class CopyInline(ReadOnlyInline):
    model = Copy
    fields = ("kind", "state", "size", "trouble", "link_ends_at", "saved_at", "deleted_at")
    ordering = ("id",)


@admin.register(Task)
class TaskAdmin(LargeTableAdmin):
    about = _("Every video task, with its provider's latest answer.")
    list_display = (
        "clip", "words", "state", "model_name", "person", "project_name", "created",
        "tokens", "money",
    )  # fmt: skip
    list_display_links = ("words",)
    list_filter = TASK_FILTERS
    day_field = "created_at"
    finds_by_index = True
    search_fields = ("remote_id",)  # shows the field; see get_search_results
    search_help_text = TaskRowsAdmin.search_help_text
    actions = ("move_to_trash", "restore")
    action_form = PageActionForm
    inlines = (CopyInline, StatusChangeInline)
    labels = {"model": _("model's name there")}
    fieldsets = (
        (None, {"fields": ("clip", "prompt", "state", "project", "created_by", "credential")}),
        (_("Order"), {"fields": ("model_name", *ORDER)}),
        (_("Money"), {"fields": ("money", "charge_row", *MONEY)}),
        (_("At the provider"), {"fields": PROVIDER}),
        (_("Times"), {"fields": TIMES, "classes": FOLDED}),
        (_("Checks"), {"fields": ("submission_row", *CHECKS), "classes": FOLDED}),
        (_("Raw answer"), {"fields": ("answer",), "classes": FOLDED}),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return TaskChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        return super().get_queryset(request).defer(*HEAVY)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Task | None:
        """The task with all that its page shows."""
        found = super().get_object(request, object_id, from_field)
        return Task.objects.for_page(request.user).filter(pk=found.pk).first() if found else None

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """Search by the text index; Django's own search would read every row."""
        return (queryset.matching(search_term) if search_term else queryset), False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [name for _heading, options in self.fieldsets for name in options["fields"]]

    def view_on_site(self, obj: Task) -> str | None:
        """The address of the task's own page; None while it is in the trash."""
        return obj.get_absolute_url() if obj.deleted_at is None else None

    # What a row and a page show

    @admin.display(description=_("clip"))
    def clip(self, task: Task) -> SafeString:
        now = timezone.now()
        shown = Thumbnail.of if task.deleted_at is None else Thumbnail.in_trash
        return cells.picture(shown(task, now))

    @admin.display(description=_("prompt"))
    def words(self, task: Task) -> str:
        return _presented(task).title or task.remote_id

    @admin.display(description=_("status"))
    def state(self, task: Task) -> SafeString:
        return cells.badge("tasks/_badge.html", _presented(task))

    @admin.display(description=_("model"))
    def model_name(self, task: Task) -> str:
        return _presented(task).model or cells.NONE

    @admin.display(description=_("person"))
    def person(self, task: Task) -> str:
        return _presented(task).author or cells.NONE

    @admin.display(description=_("project"))
    def project_name(self, task: Task) -> str:
        return task.project.name

    @admin.display(description=_("created"))
    def created(self, task: Task) -> str:
        return cells.stamp(task.born_at)

    @admin.display(description=_("tokens"))
    def tokens(self, task: Task) -> SafeString:
        return cells.numbers(_presented(task).tokens)

    @admin.display(description=_("money"))
    def money(self, task: Task) -> SafeString:
        return cells.numbers(_presented(task).cost)

    @admin.display(description=_("charge"))
    def charge_row(self, task: Task) -> SafeString | str:
        with suppress(ObjectDoesNotExist):
            return cells.row_link(task.charge, task.charge.get_state_display())
        return cells.NONE

    @admin.display(description=_("create request"))
    def submission_row(self, task: Task) -> SafeString | str:
        with suppress(ObjectDoesNotExist):
            sent: Submission = task.submission
            return cells.row_link(sent, sent.get_state_display())
        return cells.NONE

    @admin.display(description=_("raw answer"))
    def answer(self, task: Task) -> SafeString:
        text = task.raw or cells.NONE
        with suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    # The trash

    def has_trash_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tasks.delete_task")

    @admin.action(description=_("Move to the trash"), permissions=["trash"])
    def move_to_trash(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ask for confirmation with the number of tasks, then move them."""
        chosen = queryset.kept()
        if "sure" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Move to the trash"),
                "chosen": list(chosen.values_list("pk", flat=True)),
                "list_url": reverse("admin:tasks_task_changelist"),
            }
            return TemplateResponse(request, "admin/tasks/task/sure.html", context)
        with transaction.atomic():
            ids = list(chosen.values_list("pk", flat=True))
            moved = Task.objects.filter(pk__in=ids).move_to_trash(request.user, timezone.now())
            note_each(request, AuditAction.DELETED, moved)
        sentence = ngettext(
            "%(number)s task moved to the trash for 30 days. The provider's record isn't affected.",
            "%(number)s tasks moved to the trash for 30 days. The provider's records aren't "
            "affected.",
            len(moved),
        )
        messages.success(request, sentence % {"number": len(moved)})
        return None

    @admin.action(description=_("Restore from the trash"), permissions=["trash"])
    def restore(self, request: HttpRequest, queryset: Any) -> None:
        ids = list(queryset.in_trash(timezone.now()).values_list("pk", flat=True))
        with transaction.atomic():
            restored = Task.objects.filter(pk__in=ids).restore()
            note_each(request, AuditAction.RESTORED, restored)
        sentence = ngettext("%(number)s restored.", "%(number)s restored.", len(restored))
        messages.success(request, sentence % {"number": len(restored)})


def _presented(task: Task) -> TaskPresenter:
    """The task as the studio shows it, made once for the cells of a row."""
    known: TaskPresenter | None = vars(task).get("_presented")
    if known is None:
        known = vars(task)["_presented"] = TaskPresenter(task, timezone.now(), ())
    return known


@admin.register(StatusChange)
class StatusChangeAdmin(TaskRowsAdmin):
    name_plural = _("status history")
    about = _("Every status change of every task, with the provider's own word for it.")
    list_display = ("task", "was", "became", "word", "at")
    list_filter = ("became",)
    day_field = "at"
