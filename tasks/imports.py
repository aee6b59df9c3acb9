"""Tasks out of files and pasted text: tables, JSON, or plain ids; with what comes beside each id.

Pure. What is read can be written again (`carried`), and read once more in the next step.
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

from tasks import pasted
from tasks.pasted import Entry

LONGEST_PROMPT = 20_000  # characters; Ark's longest is a tenth of it
LONGEST_WORD = 200  # of a model, a resolution, a ratio
MOST_COLUMNS = 200
MOST_ROWS = 50_000  # looked at; far fewer are taken
ENCODINGS = ("utf-8-sig", "gb18030")  # the second is what Excel writes in Chinese

#: Column names and JSON keys, without case, spaces and signs.
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
_WITHIN = ("data", "response", "result", "request", "body", "input", "parameters")
_LISTS = ("items", "data", "tasks", "results")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Reason(StrEnum):
    """Why a file cannot be read at all."""

    SPREADSHEET = "spreadsheet"  # .xlsx and other ZIPs
    NOT_TEXT = "not_text"
    BROKEN_TABLE = "broken_table"
    TOO_MANY_COLUMNS = "too_many_columns"


class Unreadable(Exception):
    """`line` is where, counted from 1; 0 where that says nothing."""

    def __init__(self, reason: Reason, line: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


@dataclass(frozen=True)
class Import:
    entries: list[Entry]
    unused: tuple[str, ...] = ()  # columns that are not taken over


def decode(data: bytes) -> str:
    """Raises Unreadable for what is no text."""
    if data.startswith(b"PK\x03\x04"):
        raise Unreadable(Reason.SPREADSHEET)
    names = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ENCODINGS
    for name in names:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable(Reason.NOT_TEXT)


def read(text: str) -> Import:
    """Whatever it is: JSON, JSON lines, a table with a column of ids, or words with ids in them."""
    text = text.removeprefix("\ufeff")
    if (entries := _from_json(text)) is not None:
        return Import(entries)
    if delimiter := _delimiter(text):
        return _from_table(text, delimiter)
    return Import([Entry(text=word) for word in pasted.candidates(text)])


def carried(entries: Iterable[Entry]) -> str:
    """As `read` reads it: bare ids where nothing comes beside them."""
    rows = list(entries)
    if not any(entry.given or not entry.text for entry in rows):
        return " ".join(entry.text for entry in rows)
    return "\n".join(_json_line(entry) for entry in rows)


def _json_line(entry: Entry) -> str:
    given = {NAMES[name].split()[0]: value for name, value in entry.given.items()}
    return json.dumps({"id": entry.text, **given}, ensure_ascii=False, default=str)


# Tables


def _delimiter(text: str) -> str:
    """Of a table whose first line names a column of ids; "" where there is no such line."""
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip() or len(first) > 10_000:
        return ""
    for delimiter in ",\t;":
        names = _cells(first, delimiter)
        is_header = not any(pasted.holds_an_id(name) for name in names)
        if is_header and any(_field(name) == "id" for name in names):
            return delimiter
    return ""


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _from_table(text: str, delimiter: str) -> Import:
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader)
        if len(names) > MOST_COLUMNS:
            raise Unreadable(Reason.TOO_MANY_COLUMNS)
        rows = [
            (reader.line_num, dict(zip(names, row, strict=False)))
            for row in islice(reader, MOST_ROWS)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error:
        raise Unreadable(Reason.BROKEN_TABLE, reader.line_num) from None
    unused = tuple(name.strip() for name in names if name.strip() and not _field(name))
    return Import([_entry(line, [row]) for line, row in rows], unused)


def _field(name: str) -> str:
    return _FIELDS.get(_SIGNS.sub("", unicodedata.normalize("NFKC", name).casefold()), "")


# JSON


def _from_json(text: str) -> list[Entry] | None:
    """None where it is no JSON, or there is no id where one is looked for."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    rows = _whole(text) or _lines(text)
    entries = [_of_value(line, value) for line, value in rows]
    return entries if any(entry.text and not entry.broken for entry in entries) else None


def _whole(text: str) -> list[tuple[int, Any]]:
    value = _parsed(text)
    if isinstance(value, dict):
        lists = (value.get(name) for name in _LISTS)
        value = next((each for each in lists if isinstance(each, list)), [value])
    return list(enumerate(value, start=1)) if isinstance(value, list) else []


def _lines(text: str) -> list[tuple[int, Any]]:
    """One object a line; where one is broken, its own words."""
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), start=1)]
    told = [(n, line) for n, line in lines if line]
    if not all(line.startswith("{") for _, line in told):
        return []
    return [(n, line if (value := _parsed(line)) is None else value) for n, line in told]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_value(line: int, value: Any) -> Entry:
    if isinstance(value, dict):
        return _entry(line, list(_layers(value)))
    if isinstance(value, str):
        return Entry(text=_clean(value)[:LONGEST_WORD], line=line, broken=value.startswith("{"))
    return Entry(text=_clean(json.dumps(value))[:LONGEST_WORD], line=line, broken=True)


def _layers(row: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """A record, and what its wrappings hold: an answer in `data`, what was asked in `request`."""
    yield row
    for name in _WITHIN:
        if depth < 3 and isinstance(inner := row.get(name), dict):
            yield from _layers(inner, depth + 1)


# One task


def _entry(line: int, layers: list[Mapping[str, Any]]) -> Entry:
    given: dict[str, Any] = {}
    doubts: list[str] = []
    for name, value in _told(layers):
        field = _field(name)
        if field == "id" or not field or field in given:
            continue
        understood = _READ[field](value)
        if understood is not None:
            given[field] = understood
        elif str(value).strip() not in ("", "-1"):
            doubts.append(f"{name.strip()}: {_clean(str(value))[:40]}")
    return Entry(text=_id(layers), given=given, line=line, doubts=tuple(doubts))


def _told(layers: list[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for layer in layers:
        for name, value in layer.items():
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                yield name, value
            elif name == "content" and isinstance(value, list):
                yield from (("prompt", words) for words in _words_of(value))


def _words_of(content: list[Any]) -> Iterator[str]:
    """Ark's own way to say a prompt."""
    for item in content:
        if isinstance(item, dict) and item.get("type") == "text" and item.get("text"):
            yield str(item["text"])


def _id(layers: list[Mapping[str, Any]]) -> str:
    """A task_id before an id, which may also be that of a request or a row."""
    named = [(name, value) for layer in layers for name, value in layer.items()]
    ids = [(name, value) for name, value in named if _field(name) == "id"]
    words = [(name, value) for name, value in ids if isinstance(value, str) and value.strip()]
    words.sort(key=lambda each: "task" not in each[0].casefold() and "任务" not in each[0])
    return _clean(_bare(words[0][1]))[:LONGEST_WORD] if words else ""


def _bare(cell: str) -> str:
    """Without the ="…" that keeps a spreadsheet from counting with it."""
    cell = cell.strip()
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell


def _clean(text: str) -> str:
    """Neither control characters nor halves of characters: databases refuse them."""
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
    """As ISO 8601 has it: of a date and time, or of Unix seconds or milliseconds."""
    stamp = _number(value)
    try:
        if stamp is not None:
            seconds = stamp / 1000 if stamp > 10**11 else stamp
            return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds > 10**9 else None
        return datetime.fromisoformat(str(value).strip().replace("/", "-")).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


_READ = {
    "prompt": _prompt,
    "model": _word,
    "resolution": _word,
    "ratio": _word,
    "service_tier": _word,
    "duration": _seconds,
    "seed": _seed,
    "remote_created_at": _time,
}
