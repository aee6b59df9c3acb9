"""Credentials: the one place where a key goes in, and it never comes out again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import localize
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from tasks import credentials
from tasks.diagnosis import diagnose
from tasks.forms.credential import Keyed, KeyField
from tasks.models import Credential
from tasks.probe import examine
from tasks.providers import PROVIDERS
from tasks.providers.guard import Allowed, foresee
from tasks.sentences import trouble_sentence, words_beside


class CredentialForm(Keyed):
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
        if "base_url" not in self.fields:  # someone who may only look
            return
        self.fields["key"].widget.attrs["class"] = "vTextField"
        self.fields["base_url"].required = False
        self.fields["base_url"].help_text = _(
            "Leave empty for a known provider's own. Without /v1 and what follows it."
        )
        self.fields["key"].required = not self.instance.sealed_key
        if self.instance.sealed_key:
            self.fields["key"].help_text = _(
                "Stored, and not shown again. Leave empty to keep it; type a new one to replace it."
            )


@admin.register(Credential)
@method_decorator(sensitive_post_parameters("key"), name="changeform_view")
class CredentialAdmin(admin.ModelAdmin):
    form = CredentialForm
    list_display = ("name", "service", "base_url", "key", "active", "heard_at", "health", "resting")
    list_filter = ("active",)
    search_fields = ("name", "base_url")
    readonly_fields = (
        "stored_key",
        "heard_at",
        "health",
        "answered",
        "trouble_since",
        "resting",
    )
    actions = ("test_connection",)
    fieldsets = (
        (None, {"fields": ("name", "provider", "base_url", "key", "stored_key", "active")}),
        (_("Who may use it"), {"fields": ("open_to_all", "projects")}),
        (_("Health"), {"fields": readonly_fields[1:]}),
        (_("Pace"), {"fields": ("requests_per_second", "check_seconds"), "classes": ("collapse",)}),
    )

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
        return words_beside(credential.trouble, credential.trouble_message) or "-"

    @admin.display(description=_("resting until"), ordering="paused_until")
    def resting(self, credential: Credential) -> Any:
        until = credential.paused_until
        return localize(timezone.localtime(until)) if until and until > timezone.now() else "-"

    def get_fieldsets(self, request: HttpRequest, obj: Credential | None = None) -> Any:
        """A new credential has no health yet, and whoever may only look has no key to type."""
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
        self._tell_about_the_address(request, obj, form)

    def delete_model(self, request: HttpRequest, obj: Credential) -> None:
        credentials.remove(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        for credential in queryset:
            credentials.remove(request, credential)

    def _tell_about_the_address(self, request: HttpRequest, obj: Credential, form: Any) -> None:
        typed_in = form.data.get("base_url", "").strip()
        if typed_in and typed_in.rstrip("/") != obj.base_url:
            sentence = _("The base URL was put right: %(url)s. What follows it is added by itself.")
            messages.info(request, sentence % {"url": obj.base_url})
        if obj.base_url.startswith("http://"):
            messages.warning(request, _("With http:// the key travels in the open."))
        if trouble := foresee(obj.base_url, Allowed.parse(settings.PRIVATE_HOSTS)):
            messages.warning(request, trouble_sentence(trouble))

    @admin.action(description=_("Test the connection"), permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        for credential in queryset:
            _test(request, credential)

    def response_add(
        self, request: HttpRequest, obj: Credential, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._tested(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Credential) -> HttpResponse:
        return self._tested(request, obj) or super().response_change(request, obj)

    def _tested(self, request: HttpRequest, obj: Credential) -> HttpResponse | None:
        """The button 'Save and test the connection'."""
        if "_test" not in request.POST:
            return None
        _test(request, obj)
        return HttpResponseRedirect(reverse("admin:tasks_credential_change", args=[obj.pk]))


def _without(fieldset: Any, name: str) -> Any:
    title, options = fieldset
    return title, {**options, "fields": [field for field in options["fields"] if field != name]}


def _test(request: HttpRequest, credential: Credential) -> None:
    diagnosis = diagnose(examine(credential, now=timezone.now()))
    level = messages.SUCCESS if diagnosis.ok else messages.ERROR
    messages.add_message(request, level, f"{credential}: {diagnosis}")
