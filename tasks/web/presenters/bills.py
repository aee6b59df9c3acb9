"""Bills in words: their state, the sums of each group, and their rows beside ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.billing.amounts import money
from tasks.models import Bill, BillIssue, BillRow, BillState, Charge, Task, Verdict
from tasks.tracking.bills.comparing import DaySums
from tasks.web.presenters.badges import Badge

STATE_BADGES = {
    BillState.READING: Badge("loader-2", "blue"),
    BillState.COLUMNS: Badge("adjustments", "amber"),
    BillState.COMPARING: Badge("loader-2", "blue"),
    BillState.COMPARED: Badge("circle-check", "green"),
    BillState.FAILED: Badge("circle-x", "red"),
}
GROUP_BADGES = {
    Verdict.DIFFERS: Badge("alert-triangle", "amber"),
    Verdict.ONLY_THERE: Badge("help-circle", "amber"),
    Verdict.ONLY_HERE: Badge("help-circle", "amber"),
    Verdict.UNPRICED: Badge("coin-off", "grey"),
    Verdict.MATCHED: Badge("circle-check", "green"),
    Verdict.NO_ID: Badge("calendar", "grey"),
}
ABOUT = {
    Verdict.DIFFERS: gettext_lazy(
        "The bill's tokens or amount aren't what your charge says. Amounts may differ by half a "
        "cent."
    ),
    Verdict.ONLY_THERE: gettext_lazy(
        "No task here has these ids. They were created elsewhere, or deleted here permanently. "
        "Adopt them to follow them here."
    ),
    Verdict.ONLY_HERE: gettext_lazy(
        "These charges are within the bill's period, but the bill doesn't have them. Tasks made "
        "on its first or last day may be on another bill."
    ),
    Verdict.UNPRICED: gettext_lazy(
        "The task is known, but it has no money in the bill's currency here. Enter a price for "
        "its model, then compare again."
    ),
    Verdict.MATCHED: gettext_lazy("The bill and your charges agree."),
    Verdict.NO_ID: gettext_lazy("These lines name no task, so they're only in the sums by day."),
}
ISSUES = {
    BillIssue.NOT_TEXT: gettext_lazy(
        "This isn't a table, or its encoding is neither UTF-8 nor GB 18030. Upload it as CSV or "
        "XLSX."
    ),
    BillIssue.OLD_EXCEL: gettext_lazy(
        "This is an old Excel file. Save it as XLSX or CSV, and upload that."
    ),
    BillIssue.BROKEN: gettext_lazy("The file is damaged. Export it again, and upload that."),
    BillIssue.TOO_LARGE: gettext_lazy("Unpacked, the file is too large. Export a shorter period."),
    BillIssue.TOO_MANY_COLUMNS: gettext_lazy("The table has too many columns for a bill."),
    BillIssue.TOO_MANY_ROWS: gettext_lazy(
        "The table has more than 50,000 rows. Export a shorter period."
    ),
    BillIssue.NO_TABLE: gettext_lazy("No table with names of columns was found in the file."),
    BillIssue.NO_ROWS: gettext_lazy(
        "With these columns, no line has an amount. Choose others, or upload another file."
    ),
    BillIssue.TOO_SLOW: gettext_lazy(
        "Reading the file took too long. Export a shorter period, or save it as CSV."
    ),
}


@dataclass(frozen=True, kw_only=True)
class BillGroup:
    """The rows of one verdict: how many, and what they come to on either side."""

    verdict: str
    label: str
    about: str
    badge: Badge
    number: int
    there: str
    here: str
    is_chosen: bool


def groups(bill: Bill, chosen: str) -> list[BillGroup]:
    """The groups of a compared bill, what needs a person first."""
    found = []
    for verdict, badge in GROUP_BADGES.items():
        sums = bill.totals.get(verdict)
        if sums:
            found.append(
                BillGroup(
                    verdict=verdict,
                    label=str(verdict.label),
                    about=str(ABOUT[verdict]),
                    badge=badge,
                    number=sums["number"],
                    there=sums_of(sums["there"]),
                    here=sums_of(sums["here"]),
                    is_chosen=verdict == chosen,
                )
            )
    return found


def first_group(bill: Bill) -> str:
    """The group that a page opens with: the first that has rows and needs a person."""
    return next((each for each in GROUP_BADGES if each in bill.totals), Verdict.MATCHED)


def sums_of(found: Mapping[str, int] | None) -> str:
    """Money by currency in words; "–" for none."""
    words = [money(micros, currency) for currency, micros in sorted((found or {}).items())]
    return " · ".join(words) or "–"


def issue_of(bill: Bill) -> str:
    """The reason why the file could not be read, in a sentence."""
    sentence = str(ISSUES[BillIssue(bill.issue)]) if bill.issue else ""
    if sentence and bill.issue_line:
        return " ".join([sentence, _("(line %(line)s)") % {"line": bill.issue_line}])
    return sentence


@dataclass(frozen=True, kw_only=True)
class BillLine:
    """A row of a bill beside ours."""

    row: BillRow
    title: str
    url: str  # "" where no task can be opened
    tokens: str
    our_tokens: str
    there: str
    here: str
    tokens_differ: bool
    money_differs: bool


def bill_lines(rows: Iterable[BillRow], user: Any) -> list[BillLine]:
    """The rows of a page with their tasks. Two queries."""
    rows = list(rows)
    visible = Task.objects.visible_to(user).filter(pk__in={row.task for row in rows if row.task})
    tasks = visible.only("remote_id", "prompt").in_bulk()
    charges = Charge.objects.filter(pk__in={row.charge for row in rows if row.charge})
    free = set(charges.filter(state="free").values_list("pk", flat=True))
    return [_line(row, tasks.get(row.task or 0), row.charge in free) for row in rows]


def _line(row: BillRow, task: Task | None, is_free: bool) -> BillLine:
    title = Truncator(task.prompt).chars(70) if task and task.prompt else ""
    if row.verdict == Verdict.ONLY_HERE and not row.remote_id:
        title = _("Deleted task")
    is_known = row.verdict not in (Verdict.ONLY_THERE, Verdict.NO_ID)
    return BillLine(
        row=row,
        title=title,
        url=task.get_absolute_url() if task else "",
        tokens="–" if row.verdict == Verdict.ONLY_HERE else _number(row.tokens),
        our_tokens=_number(row.our_tokens) if is_known else "–",
        there=_money(row.micros, row.currency),
        here=_("free") if is_free else _our_money(row, is_known),
        tokens_differ=_differ(row.tokens, row.our_tokens),
        money_differs=row.verdict == Verdict.DIFFERS and not _differ(row.tokens, row.our_tokens),
    )


def _differ(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other


def _our_money(row: BillRow, is_known: bool) -> str:
    if is_known and row.our_micros is None and row.micros is not None:
        return _("no price")
    return _money(row.our_micros, row.our_currency)


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _money(micros: int | None, currency: str) -> str:
    return "–" if micros is None or not currency else money(micros, currency)


@dataclass(frozen=True, kw_only=True)
class DayLine:
    """A day or a month on both sides, in words."""

    day: Any
    tokens: str
    our_tokens: str
    there: str
    here: str
    tokens_differ: bool
    money_differs: bool


def day_lines(days: Iterable[DaySums]) -> list[DayLine]:
    return [
        DayLine(
            day=each.day,
            tokens=_number(each.tokens),
            our_tokens=_number(each.our_tokens),
            there=sums_of(each.money),
            here=sums_of(each.our_money),
            tokens_differ=_differ(each.tokens, each.our_tokens),
            money_differs=sums_of(each.money) != sums_of(each.our_money),
        )
        for each in days
    ]
