"""Roles in ascending order, and whether somebody is staff."""

from __future__ import annotations

from typing import Any, TypeVar

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

Row = TypeVar("Row", bound=models.Model, covariant=True)


class Role(models.TextChoices):
    """Roles in ascending order; each may do everything that the ones before it may."""

    VIEWER = "viewer", _("viewer")
    MEMBER = "member", _("member")
    MANAGER = "manager", _("manager")

    def reaches(self, other: str) -> bool:
        return list(Role).index(self) >= list(Role).index(Role(other))


WORKING = (Role.MEMBER, Role.MANAGER)


def administers(user: Any) -> bool:
    """Whether this person is staff, who see every project and may do everything in it."""
    return bool(user.is_active and user.is_staff)


def rows_of(model: str) -> Any:
    return apps.get_model("tasks", model)._default_manager.all()
