"""Profiles: a person's preferences, and when they were last here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

#: "Last seen" is not more exact than this.
SEEN_EVERY = timedelta(minutes=5)
AS_THE_BROWSER_SAYS = "auto"  # in `language`, beside the codes of LANGUAGES


class Theme(models.TextChoices):
    AUTO = "auto", _("Auto")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Density(models.TextChoices):
    COMFORTABLE = "comfortable", _("Comfortable")
    COMPACT = "compact", _("Compact")


class View(models.TextChoices):
    """The layout of the tasks: a wall of pictures, or a row with facts for each."""

    GRID = "grid", _("Grid")
    LIST = "list", _("List")


class ProfileQuerySet(models.QuerySet["Profile"]):
    def remember(self, person: Any, **preferences: object) -> None:
        """Save these preferences only: another tab may be saving others."""
        self.update_or_create(user_id=person.pk, defaults=preferences)

    def note_seen(self, profile: Profile, now: datetime) -> None:
        """Save that the person was here, in one statement.

        A row that another process has just written is left as it is.
        """
        if profile._state.adding:
            new = self.model(user_id=profile.pk, seen_at=now)
            self.bulk_create([new], ignore_conflicts=True)
            return
        before = models.Q(seen_at=None) | models.Q(seen_at__lte=now - SEEN_EVERY)
        self.filter(before, pk=profile.pk).update(seen_at=now)


class Profile(models.Model):
    """The preferences of one person, saved when the first of them is chosen.

    With an empty language, time zone or theme the browser's cookies decide.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="profile"
    )
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, blank=True, default="")
    density = models.CharField(
        _("density"), max_length=11, choices=Density, default=Density.COMFORTABLE
    )
    view = models.CharField(_("view"), max_length=4, choices=View, default=View.GRID)
    shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    notifies = models.BooleanField(_("notifications"), default=False)
    sounds = models.BooleanField(_("sound with notifications"), default=False)
    #: Names of columns, by commas; "" for all of them.
    export_columns = models.TextField(
        _("columns of exported tasks"), default="", db_default="", blank=True, editable=False
    )
    seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)

    objects = ProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return str(self.user)

    def is_seen_long_ago(self, now: datetime) -> bool:
        return self.seen_at is None or self.seen_at <= now - SEEN_EVERY
