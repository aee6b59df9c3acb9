"""Prices, budgets and limits of takes, with the audit; charges and spending, read-only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tasks.admin import cells
from tasks.admin.audited import AuditedAdmin
from tasks.admin.base import StaffAdmin
from tasks.admin.read_only import LargeTableAdmin, ReadOnlyAdmin, TaskRowsAdmin
from tasks.billing import prices
from tasks.billing.amounts import money
from tasks.models import (
    AuditAction,
    BatchSum,
    Budget,
    Charge,
    CostSum,
    Price,
    Project,
    Recalculation,
    Spending,
    TakeLimits,
)
from tasks.web.forms.billing import PRICE_FIELDS


class PriceForm(forms.ModelForm):
    """A new price, checked against the others."""

    class Meta:
        model = Price
        fields = ("credential", *PRICE_FIELDS)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                prices.check(Price(**cleaned))
            except prices.PriceConflictError as error:
                self.add_error(error.field, str(error))
        return cleaned


@admin.register(Price)
class PriceAdmin(StaffAdmin):
    """Prices: added, or removed to correct a mistake. They are changed on the credential's page."""

    about = _(
        "What a model costs with a credential, and from which day. Estimates and charges use it."
    )
    form = PriceForm
    autocomplete_fields = ("credential",)
    date_hierarchy = "valid_from"
    list_display = ("credential", "model", "amount", "currency", "unit", "tier", "with_video",
                    "with_audio", "valid_from", "valid_until")  # fmt: skip
    list_filter = ("credential", "currency", "unit")
    list_select_related = ("credential",)
    search_fields = ("model", "credential__name", "source")

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Price, form: Any, change: bool) -> None:
        prices.add(request, obj)

    def delete_model(self, request: HttpRequest, obj: Price) -> None:
        prices.remove(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Price]) -> None:
        with transaction.atomic():
            for price in queryset.select_related("credential"):
                prices.remove(request, price)


@admin.register(Budget)
class BudgetAdmin(AuditedAdmin):
    about = _("What a project, a person or a credential may spend per month, week or day.")
    added = changed = removed = AuditAction.BUDGET_CHANGED
    list_display = ("subject", "scope", "limit", "unit", "period", "levels", "set_by", "set_at")
    list_filter = ("period", "unit", "project")
    list_select_related = ("project", "person", "credential", "set_by")
    search_fields = ("project__name", "person__username", "credential__name")
    autocomplete_fields = ("project", "person", "credential")

    @admin.display(description=_("for"))
    def subject(self, row: Budget) -> str:
        return str(row)

    @admin.display(description=_("scope"))
    def scope(self, row: Budget) -> str:
        return str(row.scope.label)

    def project_of(self, row: Budget) -> Project | None:
        return row.project

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        """The fields of what it is for, which cannot be changed: that would be another budget."""
        return ("project", "person", "credential") if obj else ()

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        obj.set_by, obj.set_at = request.user, timezone.now()  # type: ignore[assignment]
        super().save_model(request, obj, form, change)


@admin.register(TakeLimits)
class TakeLimitsAdmin(AuditedAdmin):
    about = _("How many takes a project allows per request, and per person and hour.")
    added = changed = removed = AuditAction.BUDGET_CHANGED
    list_display = ("project", "most_takes", "takes_per_hour")
    list_filter = ("most_takes",)
    list_select_related = ("project",)
    search_fields = ("project__name",)

    def project_of(self, row: TakeLimits) -> Project:
        return row.project

    def get_readonly_fields(self, request: HttpRequest, obj: TakeLimits | None = None) -> Any:
        """The project cannot be changed: those would be another one's limits."""
        return ("project",) if obj else ()


@admin.register(Charge)
class ChargeAdmin(TaskRowsAdmin):
    about = _("What each task reserved from its project's budget, and what it cost in the end.")
    list_display = ("task", "project", "day", "outcome", "state", "tokens", "token_check", "money")
    list_filter = ("project", "credential", "state", "outcome", "currency")
    list_select_related = ("task", "project", "credential", "price__credential")

    @admin.display(description=_("money"))
    def money(self, charge: Charge) -> SafeString:
        return cells.numbers(money(charge.micros, charge.currency) if charge.currency else "")


@admin.register(Spending)
class SpendingAdmin(ReadOnlyAdmin):
    about = _("Totals of the charges by project, day, person, credential and currency.")
    list_display = ("project", "day", "person", "credential", "takes", "tokens",
                    "reserved_tokens", "billed", "reserved")  # fmt: skip
    list_filter = ("project", "day", "currency")
    list_select_related = ("project",)
    search_fields = ("project__name",)

    @admin.display(description=_("money billed"))
    def billed(self, row: Spending) -> SafeString:
        return cells.numbers(money(row.micros, row.currency) if row.currency else "")

    @admin.display(description=_("money reserved"))
    def reserved(self, row: Spending) -> SafeString:
        return cells.numbers(money(row.reserved_micros, row.currency) if row.currency else "")


@admin.register(CostSum)
class CostSumAdmin(LargeTableAdmin):
    about = _("Totals of the charges by everything that costs are grouped by, day by day.")
    ordering = ("-day",)
    list_display = ("day", "project", "person", "model", "outcome", "currency", "takes", "tokens",
                    "micros", "seconds")  # fmt: skip
    list_filter = ("outcome", "currency")
    list_select_related = ("project",)
    search_fields = ("model",)


@admin.register(BatchSum)
class BatchSumAdmin(LargeTableAdmin):
    about = _("Totals of the charges by batch, day by day.")
    ordering = ("-day",)
    list_display = ("day", "project", "batch", "person", "currency", "takes", "tokens", "micros")
    list_filter = ("currency",)
    list_select_related = ("project",)
    search_fields = ("batch",)


@admin.register(Recalculation)
class RecalculationAdmin(ReadOnlyAdmin):
    about = _("When takes were priced after the fact, and their amounts before and after.")
    list_display = ("at", "credential", "model", "since", "person")
    list_filter = ("credential",)
    list_select_related = ("credential",)
    search_fields = ("model", "credential__name")
