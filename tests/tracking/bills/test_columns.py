"""Columns of bills: documented exports are recognised, others guessed; cells are understood."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tasks.tracking.bills import cells
from tasks.tracking.bills.columns import Columns, fits, proposed, recognise, signature

# Names in the order of the documentation of each, shortened where they say the same.
VOLCENGINE = (
    "账务账期 业务账期 日期 Payer账号 Seller账号 Owner账号 产品 业务类型 计费模式 消费时间 "
    "使用时长 时长单位 交易时间 账单号 账单明细号 账单类型 结算类型 实例ID 实例名称 配置名称 "
    "计费单元 地域 可用区 影响因子 扩展字段 单价 单价单位 用量 用量单位 资源包抵扣量 原价 优惠金额 "
    "折后价 代金券抵扣 抹零金额 应付金额 现金支付 欠费金额 项目 标签"
).split()
BYTEPLUS = [
    "Billing cycle", "Business cycle", "Payer", "Seller", "Owner", "Country/Region", "Product",
    "Business mode", "Billing mode", "Consumption time", "Usage duration", "Usage unit",
    "Transaction time", "Usage", "Gross amount", "Discount amount", "Amount after discount",
    "Coupon used", "Amount (pre-tax)", "Tax",
]  # fmt: skip
API = (
    "BillPeriod ExpenseDate PayerID OwnerID Product InstanceNo Element Count Unit Currency "
    "OriginalBillAmount DiscountBillAmount PayableAmount"
).split()
NEW_API = (
    "id created_at updated_at task_id platform user_id group channel_id quota action status "
    "fail_reason submit_time start_time finish_time progress properties data"
).split()


@pytest.mark.parametrize(
    ("heads", "name", "expected"),
    [
        (VOLCENGINE, "volcengine", ("", "日期", "用量", "折后价", "", "CNY", "计费单元")),
        (
            BYTEPLUS,
            "byteplus",
            ("", "Consumption time", "Usage", "Amount after discount", "", "USD", "Product"),
        ),
        (
            API,
            "billing_api",
            ("", "ExpenseDate", "Count", "DiscountBillAmount", "Currency", "", ""),
        ),
        (NEW_API, "newapi", ("task_id", "submit_time", "", "quota", "", "USD", "status")),
    ],
)
def test_documented_exports_are_recognised(
    heads: list[str], name: str, expected: tuple[str, ...]
) -> None:
    found = recognise(heads)
    assert found is not None
    assert found.name == name
    c = proposed(heads)
    chosen = (c.task_id, c.day, c.tokens, c.money, c.currency, c.one_currency, c.only_column)
    assert chosen == expected
    assert fits(c, heads)


def test_a_column_that_is_not_there_is_not_proposed() -> None:
    without_day = [head for head in VOLCENGINE if head != "日期"]
    assert proposed(without_day).day == "消费时间"


def test_other_tables_are_guessed_by_usual_names() -> None:
    heads = ["Task ID", "Created at", "Model name", "Total tokens", "Cost", "Currency", "Note"]
    assert recognise(heads) is None
    assert proposed(heads) == Columns(
        task_id="Task ID",
        day="Created at",
        model="Model name",
        tokens="Total tokens",
        money="Cost",
        currency="Currency",
    )


def test_tables_with_the_same_names_in_another_order_are_the_same() -> None:
    assert signature(["Task ID", "Cost"]) == signature(["cost", "task_id"])
    assert signature(["Task ID", "Cost"]) != signature(["Task ID", "Cost", "Day"])


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("5.01", "5.01"), ("1,234.50", "1234.50"), ("¥ 5", "5"), ("-3.2", "-3.2"), ("1e3", "1e3"),
        ("5,01", None), ("five", None), ("", None), ("NaN", None), ("9" * 20, None),
    ],
)  # fmt: skip
def test_amounts(cell: str, expected: str | None) -> None:
    assert cells.amount(cell) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("cell", "expected", "is_month"),
    [
        ("2026-11-03", date(2026, 11, 3), False),
        ("2026/11/3 12:00:00", date(2026, 11, 3), False),
        ("2026-11-03 00:00:00 ~ 2026-11-03 01:00:00", date(2026, 11, 3), False),
        ("2026年11月3日", date(2026, 11, 3), False),
        ("20261103", date(2026, 11, 3), False),
        ("2026-11-03T23:30:00-08:00", date(2026, 11, 4), False),
        ("1793664000", date(2026, 11, 3), False),
        ("1793664000000", date(2026, 11, 3), False),
        ("2026-11", date(2026, 11, 1), True),
        ("202611", date(2026, 11, 1), True),
    ],
)
def test_days(cell: str, expected: date, is_month: bool) -> None:
    assert cells.day(cell) == cells.BillDay(expected, is_month)


@pytest.mark.parametrize("cell", ["", "yesterday", "2026-13-40", "total"])
def test_what_is_no_day(cell: str) -> None:
    assert cells.day(cell) is None


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("CNY", "CNY"), ("rmb", "CNY"), ("人民币", "CNY"), ("usd", "USD"), ("SGD", "SGD"), ("?", "")],
)
def test_currencies(cell: str, expected: str) -> None:
    assert cells.currency(cell) == expected
