"""Prices, budgets, and the account of what tasks took. What is changed here is noted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from tasks import prices
from tasks.admin.looking import LookOnly, OfTasks
from tasks.admin.noting import Noted
from tasks.forms.money import PRICE_FIELDS
from tasks.models import Budget, Charge, Price, Project, Spending, Verb


class PriceForm(forms.ModelForm):
    class Meta:
        model = Price
        fields = ("credential", *PRICE_FIELDS)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                prices.check(Price(**cleaned))
            except prices.CannotBe as why:
                self.add_error(why.field, str(why))
        return cleaned


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin):
    """Added, or removed to mend a mistake; it is changed on the account's own page."""

    form = PriceForm
    list_display = ("credential", "model", "amount", "currency", "tier", "with_video",
                    "with_audio", "valid_from", "valid_until")  # fmt: skip
    list_filter = ("credential", "currency")
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
class BudgetAdmin(Noted):
    added = changed = removed = Verb.BUDGET_CHANGED
    list_display = ("project", "limit", "unit", "most_takes", "takes_per_hour")
    list_filter = ("unit",)
    list_select_related = ("project",)
    search_fields = ("project__name",)

    def project_of(self, row: Budget) -> Project:
        return row.project

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        """Another project's would be another budget."""
        return ("project",) if obj else ()


@admin.register(Charge)
class ChargeAdmin(OfTasks):
    list_display = ("task", "project", "day", "state", "tokens", "currency", "micros")
    list_filter = ("state", "currency")
    list_select_related = ("task", "project", "credential", "price__credential")


@admin.register(Spending)
class SpendingAdmin(LookOnly):
    list_display = ("project", "month", "person", "currency", "takes", "tokens", "held_tokens",
                    "micros", "held_micros")  # fmt: skip
    list_filter = ("project", "month", "currency")
    list_select_related = ("project",)
    search_fields = ("project__name", "month")
