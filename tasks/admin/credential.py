"""Credentials. A key can be entered here, and is never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from tasks.admin import cells
from tasks.admin.base import StaffAdmin
from tasks.models import Credential, Task
from tasks.models.private_hosts import allowed_private_hosts
from tasks.providers import PROVIDERS
from tasks.providers.transport.guard import foresee
from tasks.team import credentials
from tasks.web.forms.credential import CheckedCredentialForm, KeyField
from tasks.web.messages.provider_errors import trouble_detail, trouble_sentence
from tasks.web.presenters.credentials import LastTest, condition_of
from tasks.web.presenters.facts import provider_label


class CredentialForm(CheckedCredentialForm):
    """A credential with the field for its key."""

    provider = forms.ChoiceField(
        label=_("Provider"), choices=[(known.slug, _(known.label)) for known in PROVIDERS]
    )
    key = KeyField(label=_("API key"), required=False)

    class Meta:
        model = Credential
        fields = (
            "name",
            "provider",
            "base_url",
            "active",
            "open_to_all",
            "projects",
            "requests_per_second",
            "check_seconds",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "base_url" not in self.fields:  # with permission to view only
            return
        self.fields["key"].widget.attrs["class"] = "vTextField"
        self.fields["base_url"].required = False
        self.fields["base_url"].help_text = _(
            "Leave empty for a known provider's own address. Don't include /v1 or anything after "
            "it."
        )
        self.fields["key"].required = not self.instance.sealed_key
        if self.instance.sealed_key:
            self.fields["key"].help_text = _(
                "Stored, and not shown again. Leave empty to keep it; type a new one to replace it."
            )


class ProviderFilter(admin.SimpleListFilter):
    """Providers by the names that people know."""

    title, parameter_name = _("provider"), "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        slugs = Credential.objects.order_by("provider").values_list("provider", flat=True)
        return [(slug, provider_label(slug)) for slug in slugs.distinct()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(provider=self.value()) if self.value() else queryset


def _open_tasks() -> Coalesce:
    """The number of tasks that a credential has still to follow, out of a small index."""
    due = Task.objects.filter(credential=OuterRef("pk"), check_after__isnull=False).order_by()
    number = due.live().values("credential").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number), 0)


@admin.register(Credential)
@method_decorator(sensitive_post_parameters("key"), name="changeform_view")
class CredentialAdmin(StaffAdmin):
    about = _("Accounts with providers: keys, who may use them, and whether they work.")
    form = CredentialForm
    list_display = ("name", "service", "condition", "pending", "heard", "resting", "key",
                    "active")  # fmt: skip
    list_filter = (ProviderFilter, "active", "open_to_all")
    autocomplete_fields = ("projects",)
    goes_along = ("tasks.HealthMinute", "tasks.Reconciliation", "tasks.Difference",
                  "tasks.UntrackedTask", "tasks.AvailableModel")  # fmt: skip
    search_fields = ("name", "base_url")
    readonly_fields = (
        "stored_key",
        "condition",
        "pending",
        "heard_at",
        "health",
        "answered",
        "trouble_since",
        "resting",
        "last_test",
    )
    actions = ("test_connection",)
    fieldsets = (
        (None, {"fields": ("name", "provider", "base_url", "key", "stored_key", "active")}),
        (_("Who may use it"), {"fields": ("open_to_all", "projects")}),
        (_("Health"), {"fields": readonly_fields[1:]}),
        (_("Pace"), {"fields": ("requests_per_second", "check_seconds"), "classes": ("collapse",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        return super().get_queryset(request).annotate(open_tasks=_open_tasks())

    def view_on_site(self, obj: Credential) -> str:
        return reverse("credential", args=[obj.pk])

    @admin.display(description=_("condition"), ordering="trouble")
    def condition(self, credential: Credential) -> SafeString:
        badge = cells.badge("credentials/_condition.html", {"condition": condition_of(credential)})
        return format_html(
            '{} <span class="quiet">{}</span>', badge, trouble_sentence(credential.trouble)
        )

    @admin.display(description=_("pending tasks"), ordering="open_tasks")
    def pending(self, credential: Any) -> SafeString:
        return cells.list_link(Task, credential.open_tasks, credential=credential.pk)

    @admin.display(description=_("last answer"), ordering="heard_at")
    def heard(self, credential: Credential) -> str:
        return cells.stamp(credential.heard_at)

    @admin.display(description=_("provider"), ordering="provider")
    def service(self, credential: Credential) -> str:
        return str(_(credential.service.label))

    @admin.display(description=_("API key"))
    def key(self, credential: Credential) -> str:
        return f"…{credential.key_tail}" if credential.sealed_key else "-"

    @admin.display(description=_("stored key"))
    def stored_key(self, credential: Credential) -> str:
        return self.key(credential)

    @admin.display(description=_("health"), ordering="trouble")
    def health(self, credential: Credential) -> str:
        if credential.trouble:
            return trouble_sentence(credential.trouble)
        return str(_("well") if credential.heard_at else _("not tested yet"))

    @admin.display(description=_("last words"))
    def answered(self, credential: Credential) -> str:
        return trouble_detail(credential.trouble, credential.trouble_message) or "-"

    @admin.display(description=_("paused until"), ordering="paused_until")
    def resting(self, credential: Credential) -> Any:
        until = credential.paused_until
        return cells.stamp(until if until and until > timezone.now() else None)

    @admin.display(description=_("Test of the connection"))
    def last_test(self, credential: Credential) -> str:
        test = LastTest(credential, timezone.now())
        if test.is_under_way:
            return str(_("Asking the provider…"))
        return str(test.diagnosis or _("Not tested yet."))

    def get_fieldsets(self, request: HttpRequest, obj: Credential | None = None) -> Any:
        """The fieldsets: without health for a new credential, without key for who may only view."""
        sets = super().get_fieldsets(request, obj)
        if obj is None:
            return [_without(sets[0], "stored_key"), sets[1], sets[3]]
        if not self.has_change_permission(request, obj):
            return [_without(sets[0], "key"), *sets[1:]]
        return sets

    def save_model(self, request: HttpRequest, obj: Credential, form: Any, change: bool) -> None:
        if change:
            credentials.change(request, form)
        else:
            credentials.add(request, form)
        typed_url = form.data.get("base_url", "").strip()
        if typed_url and typed_url.rstrip("/") != obj.base_url:
            sentence = _(
                "The base URL was corrected to %(url)s. The rest of the path is added "
                "automatically."
            )
            messages.info(request, sentence % {"url": obj.base_url})
        if obj.base_url.startswith("http://"):
            messages.warning(request, _("With http://, the key is sent unencrypted."))
        if trouble := foresee(obj.base_url, allowed_private_hosts()):
            messages.warning(request, trouble_sentence(trouble))

    def delete_model(self, request: HttpRequest, obj: Credential) -> None:
        credentials.remove(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        for credential in queryset:
            credentials.remove(request, credential)

    @admin.action(description=_("Test the connection"), permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        for credential in queryset:
            _ask_for_test(request, credential)

    def response_add(
        self, request: HttpRequest, obj: Credential, post_url_continue: str | None = None
    ) -> HttpResponse:
        test = self._test_response(request, obj)
        return test or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Credential) -> HttpResponse:
        return self._test_response(request, obj) or super().response_change(request, obj)

    def _test_response(self, request: HttpRequest, obj: Credential) -> HttpResponse | None:
        """Answer the button 'Save and test the connection'; None for other buttons."""
        if "_test" not in request.POST:
            return None
        _ask_for_test(request, obj)
        return HttpResponseRedirect(reverse("admin:tasks_credential_change", args=[obj.pk]))


def _without(fieldset: Any, name: str) -> Any:
    title, options = fieldset
    return title, {**options, "fields": [field for field in options["fields"] if field != name]}


def _ask_for_test(request: HttpRequest, credential: Credential) -> None:
    credentials.ask_for_test(credential)
    sentence = _("%(credential)s: the provider is being asked. Load its page again for the result.")
    messages.info(request, sentence % {"credential": credential})
