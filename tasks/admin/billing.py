"""Prices and budgets, whose changes are recorded, and the read-only charges and spending."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from tasks.admin.audited import AuditedAdmin
from tasks.admin.read_only import LargeTableAdmin, ReadOnlyAdmin, TaskRowsAdmin
from tasks.billing import prices
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
class PriceAdmin(admin.ModelAdmin):
    """Prices: added, or removed to correct a mistake. They are changed on the credential's page."""

    form = PriceForm
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
    added = changed = removed = AuditAction.BUDGET_CHANGED
    list_display = ("project", "limit", "unit", "most_takes", "takes_per_hour")
    list_filter = ("unit",)
    list_select_related = ("project",)
    search_fields = ("project__name",)

    def project_of(self, row: Budget) -> Project:
        return row.project

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        """The project cannot be changed: that would be another budget."""
        return ("project",) if obj else ()


@admin.register(Charge)
class ChargeAdmin(TaskRowsAdmin):
    list_display = ("task", "project", "day", "outcome", "state", "tokens", "currency", "micros")
    list_filter = ("state", "outcome", "currency")
    list_select_related = ("task", "project", "credential", "price__credential")


@admin.register(Spending)
class SpendingAdmin(ReadOnlyAdmin):
    list_display = ("project", "month", "person", "currency", "takes", "tokens", "reserved_tokens",
                    "micros", "reserved_micros")  # fmt: skip
    list_filter = ("project", "month", "currency")
    list_select_related = ("project",)
    search_fields = ("project__name", "month")


@admin.register(CostSum)
class CostSumAdmin(LargeTableAdmin):
    ordering = ("-day",)
    list_display = ("day", "project", "person", "model", "outcome", "currency", "takes", "tokens",
                    "micros", "seconds")  # fmt: skip
    list_filter = ("outcome", "currency")
    list_select_related = ("project",)
    search_fields = ("model",)


@admin.register(BatchSum)
class BatchSumAdmin(LargeTableAdmin):
    ordering = ("-day",)
    list_display = ("day", "project", "batch", "person", "currency", "takes", "tokens", "micros")
    list_filter = ("currency",)
    list_select_related = ("project",)
    search_fields = ("batch",)


@admin.register(Recalculation)
class RecalculationAdmin(ReadOnlyAdmin):
    list_display = ("at", "credential", "model", "since", "person")
    list_filter = ("credential",)
    list_select_related = ("credential",)
    search_fields = ("model", "credential__name")
