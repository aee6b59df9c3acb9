"""The columns of bills: recognised by documented names, guessed, or chosen by a person. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The names of the columns that a bill is read by; "" where it has no such column."""

    task_id: str = ""
    day: str = ""
    model: str = ""
    tokens: str = ""
    token_unit: int = 1  # tokens that a 1 in the column stands for
    money: str = ""
    money_unit: int = 1  # by which an amount is divided
    currency: str = ""  # a column of currencies, or …
    one_currency: str = ""  # … that of all amounts
    only_column: str = ""  # lines count only where this column …
    only_text: str = ""  # … has this text

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Columns:
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    @property
    def names(self) -> set[str]:
        """The columns that a table must have to be read by these."""
        named = (self.task_id, self.day, self.model, self.tokens, self.money)
        return {*named, self.currency, self.only_column} - {""}


@dataclass(frozen=True, kw_only=True)
class Format:
    """An export whose columns are documented; `source` says where."""

    name: str
    label: str
    source: str
    needs: tuple[str, ...]
    columns: Mapping[str, Sequence[str]]  # by field: names, the best first
    fixed: Mapping[str, Any] = field(default_factory=dict)


#: Sellers' bills are by model and hour: none of them has the ids of tasks. Volcengine splits a bill
#: down to the endpoint and no further (分账账单: "分拆项ID对应的就是EP资源").
#: The price after discounts is what our price lists come to; vouchers are taken off later.
FORMATS = (
    Format(
        name="volcengine",
        label="Volcengine 账单明细",
        source="https://www.volcengine.com/docs/6269/177196",
        needs=("账务账期", "产品", "计费单元", "用量", "折后价"),
        columns={
            "day": ("日期", "消费时间", "账务账期"),
            "model": ("计费单元",),
            "tokens": ("用量",),
            "money": ("折后价",),
            "only_column": ("计费单元",),
        },
        fixed={"one_currency": "CNY", "only_text": "seedance"},
    ),
    Format(
        name="byteplus",
        label="BytePlus bill details",
        source="https://docs.byteplus.com/en/docs/byteplus-platform/docs-bill-details",
        needs=("Billing cycle", "Product", "Billing mode", "Consumption time"),
        columns={
            "day": ("Consumption time", "Billing cycle"),
            "model": ("Billing unit", "Product"),
            "tokens": ("Usage",),
            "money": ("Amount after discount", "Amount (pre-tax)"),
            "only_column": ("Billing unit", "Product"),
        },
        fixed={"one_currency": "USD", "only_text": "seedance"},
    ),
    # The same names at docs.byteplus.com/en/docs/byteplus-platform/ListBillDetail.
    Format(
        name="billing_api",
        label="ListBillDetail",
        source="https://www.volcengine.com/docs/6269/1127842",
        needs=("BillPeriod", "Product", "Element", "Count", "DiscountBillAmount"),
        columns={
            "day": ("ExpenseDate", "ExpenseBeginTime", "BillPeriod"),
            "model": ("Element",),
            "tokens": ("Count",),
            "money": ("DiscountBillAmount",),
            "currency": ("Currency",),
            "only_column": ("Product",),
        },
        fixed={"one_currency": "CNY"},
    ),
    # new-api exports nothing itself (its issues 4695 and 5568 ask for that); these are the columns
    # of its table `tasks`, and of the answer of /api/task/self, as somebody may save them. A quota
    # is 500,000 for a dollar unless its administrator changed that (common/constants.go:
    # QuotaPerUnit). A failed task is refunded, and older releases leave its quota standing.
    Format(
        name="newapi",
        label="new-api tasks",
        source="https://github.com/QuantumNous/new-api/blob/main/model/task.go",
        needs=("task_id", "platform", "quota", "status", "submit_time"),
        columns={
            "task_id": ("task_id",),
            "day": ("submit_time",),
            "money": ("quota",),
            "only_column": ("status",),
        },
        fixed={"one_currency": "USD", "money_unit": 500_000, "only_text": "SUCCESS"},
    ),
)

#: Names by which a column of other tables is guessed, without case, spaces and signs.
GUESSES = {
    "task_id": "taskid remoteid 任务id 任务编号 任务号",
    "day": "day date time createdat createtime submittime billingdate usagedate 日期 时间 创建时间 "
    "提交时间 消费时间 账单日期",
    "model": "model modelname modelid 模型 模型名称 计费项",
    "tokens": "tokens totaltokens completiontokens token usage 用量 token数 token用量",
    "money": "amount cost price money total fee charge payable 金额 费用 应付金额 折后价 消费金额 "
    "价格",
    "currency": "currency 币种 货币",
}


def plain(name: str) -> str:
    """A column's name without case, spaces and signs."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", name).casefold())


def signature(heads: Iterable[str]) -> str:
    """The same text for tables with the same names of columns, in whatever order."""
    names = "\n".join(sorted(plain(head) for head in heads))
    return hashlib.sha256(names.encode()).hexdigest()


def recognise(heads: Sequence[str]) -> Format | None:
    """The documented export with these names of columns; None for any other table."""
    known = {plain(head) for head in heads}
    return next((f for f in FORMATS if known.issuperset(map(plain, f.needs))), None)


def proposed(heads: Sequence[str]) -> Columns:
    """The columns of a recognised export, or guessed ones, for a person to confirm."""
    if found := recognise(heads):
        chosen: dict[str, Any] = {n: _first(heads, names) for n, names in found.columns.items()}
        fixed = dict(found.fixed)
        if chosen.get("currency"):
            fixed["one_currency"] = ""
        if not chosen.get("only_column") or "only_text" not in fixed:
            chosen["only_column"] = fixed["only_text"] = ""
        return Columns(**chosen, **fixed)
    guessed: dict[str, Any] = {n: _first(heads, words.split()) for n, words in GUESSES.items()}
    return Columns(**guessed)


def _first(heads: Sequence[str], names: Sequence[str]) -> str:
    """The first of these names that the table has, as it writes it."""
    by_name = {plain(head): head for head in reversed(heads)}
    return next((by_name[plain(name)] for name in names if plain(name) in by_name), "")


def fits(columns: Columns, heads: Iterable[str]) -> bool:
    """Whether a table has all of these columns."""
    return columns.names.issubset(heads)
