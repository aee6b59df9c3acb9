"""Tasks read from files and pasted text: tables, JSON, or plain ids, with details beside each id.

Pure. What was parsed can be written as text again (`to_text`), to be parsed in the next step.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from tasks.tracking.imports import pasted_ids
from tasks.tracking.imports.pasted_ids import ImportEntry

LONGEST_PROMPT = 20_000  # characters; Ark's longest is a tenth of it
LONGEST_WORD = 200  # characters of a model, a resolution, a ratio
MOST_COLUMNS = 200
MOST_ROWS = 50_000  # that are read; far fewer are imported
ENCODINGS = ("utf-8-sig", "gb18030")  # the second is what Excel writes in Chinese

#: Column names and JSON keys of each field, without case, spaces and signs.
NAMES = {
    "id": "id taskid remoteid 任务id 任务编号 任务号 编号",
    "prompt": "prompt text 提示词 提示 文案 描述",
    "model": "model modelname modelid 模型 模型名称",
    "resolution": "resolution 分辨率 清晰度",
    "ratio": "ratio aspectratio 比例 宽高比 画幅",
    "duration": "duration seconds 时长 时长秒 秒数",
    "seed": "seed 种子 随机种子",
    "service_tier": "servicetier",
    "remote_created_at": "createdat created createtime 创建时间 提交时间",
}
_FIELDS = {word: field for field, words in NAMES.items() for word in words.split()}
_SIGNS = re.compile(r"[\W_]+")
_WRAPPERS = ("data", "response", "result", "request", "body", "input", "parameters")
_LISTS = ("items", "data", "tasks", "results")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class ImportFileIssue(StrEnum):
    """The reason why a file cannot be read at all."""

    SPREADSHEET = "spreadsheet"  # .xlsx and other ZIPs
    NOT_TEXT = "not_text"
    BROKEN_TABLE = "broken_table"
    TOO_MANY_COLUMNS = "too_many_columns"


class ImportFileError(Exception):
    """A file that cannot be read; `line` counts from 1, and is 0 where it has no meaning."""

    def __init__(self, issue: ImportFileIssue, line: int = 0) -> None:
        super().__init__(issue)
        self.issue, self.line = issue, line


@dataclass(frozen=True)
class ParsedImport:
    """The entries of a file or of pasted text."""

    entries: list[ImportEntry]
    unused: tuple[str, ...] = ()  # columns that are not imported


def decode(data: bytes) -> str:
    """Decode a file. Raises ImportFileError for what is no text."""
    if data.startswith(b"PK\x03\x04"):
        raise ImportFileError(ImportFileIssue.SPREADSHEET)
    names = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ENCODINGS
    for name in names:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ImportFileError(ImportFileIssue.NOT_TEXT)


def parse(text: str) -> ParsedImport:
    """Parse JSON, JSON lines, a table with a column of ids, or words with ids among them.

    Raises ImportFileError for a table that is broken or too wide.
    """
    text = text.removeprefix("\ufeff")
    if (entries := _parse_json(text)) is not None:
        return ParsedImport(entries)
    if delimiter := _delimiter(text):
        return _parse_table(text, delimiter)
    return ParsedImport([ImportEntry(text=word) for word in pasted_ids.find_ids(text)])


def to_text(entries: Iterable[ImportEntry]) -> str:
    """Write entries as `parse` reads them: JSON lines, or bare ids where there are no details."""
    rows = list(entries)
    if not any(entry.details or not entry.text for entry in rows):
        return " ".join(entry.text for entry in rows)
    return "\n".join(_json_line(entry) for entry in rows)


def _json_line(entry: ImportEntry) -> str:
    details = {NAMES[name].split()[0]: value for name, value in entry.details.items()}
    return json.dumps({"id": entry.text, **details}, ensure_ascii=False, default=str)


# Tables


def _delimiter(text: str) -> str:
    """Return the delimiter of a table whose first line names a column of ids; "" for no table."""
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip() or len(first) > 10_000:
        return ""
    for delimiter in ",\t;":
        names = _cells(first, delimiter)
        is_header = not any(pasted_ids.holds_an_id(name) for name in names)
        if is_header and any(_field(name) == "id" for name in names):
            return delimiter
    return ""


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _parse_table(text: str, delimiter: str) -> ParsedImport:
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader)
        if len(names) > MOST_COLUMNS:
            raise ImportFileError(ImportFileIssue.TOO_MANY_COLUMNS)
        rows = [
            (reader.line_num, dict(zip(names, row, strict=False)))
            for row in islice(reader, MOST_ROWS)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error:
        raise ImportFileError(ImportFileIssue.BROKEN_TABLE, reader.line_num) from None
    unused = tuple(name.strip() for name in names if name.strip() and not _field(name))
    return ParsedImport([_entry(line, [row]) for line, row in rows], unused)


def _field(name: str) -> str:
    """Return the field that a column or JSON key names; "" for an unknown one."""
    return _FIELDS.get(_SIGNS.sub("", unicodedata.normalize("NFKC", name).casefold()), "")


# JSON


def _parse_json(text: str) -> list[ImportEntry] | None:
    """Parse one JSON document, or JSON lines; None where it is no JSON, or has no ids."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    rows = _document_rows(text) or _line_rows(text)
    entries = [_json_entry(line, value) for line, value in rows]
    return entries if any(entry.text and not entry.broken for entry in entries) else None


def _document_rows(text: str) -> list[tuple[int, Any]]:
    value = _json_or_none(text)
    if isinstance(value, dict):
        lists = (value.get(name) for name in _LISTS)
        value = next((each for each in lists if isinstance(each, list)), [value])
    return list(enumerate(value, start=1)) if isinstance(value, list) else []


def _line_rows(text: str) -> list[tuple[int, Any]]:
    """Parse one object a line; a broken line stays as the text that it is."""
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), start=1)]
    filled = [(n, line) for n, line in lines if line]
    if not all(line.startswith("{") for _, line in filled):
        return []
    return [(n, line if (value := _json_or_none(line)) is None else value) for n, line in filled]


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _json_entry(line: int, value: Any) -> ImportEntry:
    if isinstance(value, dict):
        return _entry(line, list(_layers(value)))
    is_text = isinstance(value, str)
    text = _clean(value if is_text else json.dumps(value))[:LONGEST_WORD]
    return ImportEntry(text=text, line=line, broken=not is_text or value.startswith("{"))


def _layers(row: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """A record and the records in its wrappers, as in an answer's `data` or `request`."""
    yield row
    for name in _WRAPPERS:
        if depth < 3 and isinstance(inner := row.get(name), dict):
            yield from _layers(inner, depth + 1)


# One task


def _entry(line: int, layers: list[Mapping[str, Any]]) -> ImportEntry:
    details: dict[str, Any] = {}
    doubts: list[str] = []
    for name, value in _named_values(layers):
        field = _field(name)
        if field == "id" or not field or field in details:
            continue
        understood = _READERS[field](value)
        if understood is not None:
            details[field] = understood
        elif str(value).strip() not in ("", "-1"):
            doubts.append(f"{name.strip()}: {_clean(str(value))[:40]}")
    return ImportEntry(text=_id(layers), details=details, line=line, doubts=tuple(doubts))


def _named_values(layers: list[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for layer in layers:
        for name, value in layer.items():
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                yield name, value
            elif name == "content" and isinstance(value, list):  # as Ark writes a prompt
                for item in value:
                    if isinstance(item, dict) and item.get("type") == "text" and item.get("text"):
                        yield "prompt", str(item["text"])


def _id(layers: list[Mapping[str, Any]]) -> str:
    """The task's id: a task_id rather than an id, which may be that of a request or a row."""
    named = [(name, value) for layer in layers for name, value in layer.items()]
    ids = [(name, value) for name, value in named if _field(name) == "id"]
    words = [(name, value) for name, value in ids if isinstance(value, str) and value.strip()]
    words.sort(key=lambda each: "task" not in each[0].casefold() and "任务" not in each[0])
    return _clean(_unquoted(words[0][1]))[:LONGEST_WORD] if words else ""


def _unquoted(cell: str) -> str:
    """Remove the ="…" that makes a spreadsheet take an id for text."""
    cell = cell.strip()
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell


def _clean(text: str) -> str:
    """Remove control characters and lone surrogates, which databases refuse."""
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode().strip()


def _prompt(value: Any) -> str | None:
    text = _clean(str(value))
    return text if 0 < len(text) <= LONGEST_PROMPT else None


def _word(value: Any) -> str | None:
    text = _clean(str(value))
    return text if 0 < len(text) <= LONGEST_WORD else None


def _seconds(value: Any) -> int | None:
    number = _number(str(value).strip().lower().removesuffix("s").removesuffix("秒"))
    return number if number is not None and 0 < number <= 3600 else None


def _seed(value: Any) -> int | None:
    number = _number(value)
    return number if number is not None and 0 <= number < 2**63 else None


def _number(value: Any) -> int | None:
    found = re.fullmatch(r"(-?\d{1,19})(\.0+)?", str(value).strip())
    return int(found[1]) if found else None


def _time(value: Any) -> str | None:
    """Read a date and time, or Unix seconds or milliseconds, and return it as ISO 8601 has it."""
    stamp = _number(value)
    try:
        if stamp is not None:
            seconds = stamp / 1000 if stamp > 10**11 else stamp
            return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds > 10**9 else None
        return datetime.fromisoformat(str(value).strip().replace("/", "-")).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


_READERS = {
    "prompt": _prompt,
    "model": _word,
    "resolution": _word,
    "ratio": _word,
    "service_tier": _word,
    "duration": _seconds,
    "seed": _seed,
    "remote_created_at": _time,
}
