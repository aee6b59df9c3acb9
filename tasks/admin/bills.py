"""Providers' bills, read-only: they are uploaded, compared and removed on their own pages."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tasks.admin.read_only import LargeTableAdmin, ReadOnlyAdmin
from tasks.models import Bill, BillColumns, BillRow


@admin.register(Bill)
class BillAdmin(ReadOnlyAdmin):
    about = _("Providers' bills, and how they compare. Upload and remove them under Costs.")
    hidden = ("content", "last_row", "last_charge")
    list_display = ("file_name", "credential", "state", "first_day", "last_day", "uploaded_at")
    list_filter = ("state", "credential")
    list_select_related = ("credential",)
    search_fields = ("file_name", "credential__name")


@admin.register(BillRow)
class BillRowAdmin(LargeTableAdmin):
    about = _("What each task comes to in a bill, and what it comes to here.")
    list_display = ("remote_id", "bill", "verdict", "day", "tokens", "micros", "currency")
    list_filter = ("verdict",)
    list_select_related = ("bill",)
    search_fields = ("remote_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BillRow]:
        rows: QuerySet[BillRow] = super().get_queryset(request)
        return rows.defer("bill__content")


@admin.register(BillColumns)
class BillColumnsAdmin(ReadOnlyAdmin):
    about = _("Which column is which in bills, as someone chose it for tables like theirs.")
    list_display = ("id", "columns", "chosen_by", "chosen_at")
    list_filter = ("chosen_at",)
    search_fields = ("signature",)
