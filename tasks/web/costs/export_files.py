"""The files of exports: written one by one by `manage.py export`, then put into the storage."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from tasks.archive import disk
from tasks.archive.store import store
from tasks.models import Export, ExportTable
from tasks.models.storage import remove_files
from tasks.web.costs import cost_charges as listing
from tasks.web.costs import cost_exports as exports
from tasks.web.costs.workbooks import Workbook

log = logging.getLogger(__name__)

NOTED_EVERY = 1.0  # seconds


class DiskFullError(Exception):
    """The disk has no room beside its reserve."""


class ExportGoneError(Exception):
    """The export was deleted, or is written by another process now."""


def folder() -> Path:
    """The folder of files that are being written."""
    return Path(settings.DATA_DIR) / "exports"


def write_all() -> int:
    """Write all exports that are due, the oldest first; return how many were tried."""
    shutil.rmtree(folder(), ignore_errors=True)  # what a killed process has left
    folder().mkdir(mode=0o700)
    tried = 0
    while export := Export.objects.claim(timezone.now()):
        write(export)
        tried += 1
    return tried


def write(export: Export) -> None:
    """Write one export that was claimed; it is ready or failed then, or begun anew later."""
    try:
        with tempfile.TemporaryDirectory(dir=folder()) as place:
            path = Path(place) / "export.xlsx"
            _keep(export, path, _fill(export, path))
    except ExportGoneError:
        return
    except DatabaseError:
        raise  # the claim runs out
    except Exception:
        log.exception("Export %s cannot be written.", export.pk)
        export.mark_failed(timezone.now())
    except BaseException:
        export.give_back()
        raise


def _fill(export: Export, path: Path) -> int:
    """Write the workbook; return how many rows it has."""
    head, rows = _table(export)
    book = Workbook(path, head, title=export.table)
    done, note_at = 0, time.monotonic() + NOTED_EVERY
    for row in rows:
        book.add(row)
        done += 1
        if time.monotonic() >= note_at:
            _note(export, done)
            note_at = time.monotonic() + NOTED_EVERY
    _note(export, done)
    book.close()
    return done


def _note(export: Export, done: int) -> None:
    """Save the progress. Raises ExportGoneError, DiskFullError."""
    if not export.note_progress(done, timezone.now()):
        raise ExportGoneError
    if disk.is_full():
        raise DiskFullError


def _keep(export: Export, path: Path, rows: int) -> None:
    """Put the file into the storage, and let the export say so."""
    name = f"exports/{export.pk}-{uuid.uuid4().hex}.xlsx"
    store(path, name)
    if not export.mark_ready(name, path.stat().st_size, rows, timezone.now()):
        remove_files(name)


def _table(export: Export) -> tuple[list[str], Iterator[list[Any]]]:
    """The head and the rows; the export is told how many there are, where that is known."""
    filters = exports.filters_of(export)
    projects = None if export.projects is None else tuple(export.projects)
    if export.table == ExportTable.SUMS:
        names = [name for name in (filters.by, filters.then) if name]
        return exports.sum_head(names), exports.sum_rows(filters.span(projects), names)
    columns = exports.chosen(export.columns.split(","))
    charges = listing.charges_of(filters, projects)
    Export.objects.filter(pk=export.pk).update(total=charges.order_by().count())
    return [column.head for column in columns], exports.take_rows(charges, columns)
