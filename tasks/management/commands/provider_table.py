"""`manage.py provider_table`: write docs/providers.md from the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tasks.management.provider_table import as_markdown


class Command(BaseCommand):
    """Write the page anew; it says the same as before unless the registry has changed."""

    help = "Write docs/providers.md, the table of all providers, from the registry."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        page = Path(settings.BASE_DIR, "docs", "providers.md")
        page.write_text(as_markdown())
        self.stdout.write(f"Wrote {page}.")
