"""The cache in the database, which raises an error when it cannot be written."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import router, transaction


class SharedCache(DatabaseCache):
    """Django's database cache, except that a database locked for too long raises an error.

    Django's own answers "not added" then, which the limits of sign-in take for too many attempts.
    """

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        with transaction.atomic(using=router.db_for_write(self.cache_model_class)):
            return bool(super()._base_set(mode, key, value, timeout))  # type: ignore[misc]
