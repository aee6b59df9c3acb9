"""The health of a credential: its test, its day as a chart, its line in the list."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from tasks.models import (
    Credential,
    HealthMinute,
    Lease,
    Project,
)
from tasks.models.health import AnswerTally
from tasks.providers import Trouble
from tasks.providers.transport.connection_check import (
    REQUEST_STEPS,
    CheckResult,
    CheckState,
    CheckStep,
)
from tasks.web.presenters.health import QUARTER, Day, day_of
from tests.conftest import MakeTask
from tests.web.credentials.doing import another, heard, page_of

# The test


def test_a_worker_runs_the_test_and_the_page_polls_for_it(desk: Client, theirs: Credential) -> None:
    url = page_of(theirs) + "test/"
    Lease.objects.take("sweep", "worker", now=timezone.now(), seconds=10)
    started = desk.post(url, headers={"hx-request": "true"}).content.decode()
    assert "Asking the provider" in started and 'hx-trigger="every 1s"' in started
    assert "silent" not in started
    desk.post(url)
    assert OrmQ.objects.count() == 1, "one at a time"
    found = [CheckResult(step=CheckStep.KEY, state=CheckState.FAILED, why=Trouble.UNAUTHORIZED)]
    Credential.objects.get().keep_findings([each.as_json() for each in found], timezone.now())
    done = desk.get(url).content.decode()
    assert "The provider rejected the key" in done and "hx-trigger" not in done


def test_the_badge_and_the_matter_change_with_the_test(desk: Client, theirs: Credential) -> None:
    url = page_of(theirs) + "test/"
    desk.post(url)
    Credential.objects.update(trouble=Trouble.UNAUTHORIZED)
    news = desk.get(url, headers={"hx-request": "true"}).content.decode()
    assert [news.count(f'id="{name}" hx-swap-oob="true"') for name in ("condition", "matter")] == [
        1,
        1,
    ]
    assert "tone-red" in news.partition('id="condition"')[2]
    page = desk.get(page_of(theirs)).content.decode()
    assert page.count('id="condition"') == page.count('id="matter"') == 1
    assert "hx-swap-oob" not in page


def leads_on(desk: Client, credential: Credential) -> bool:
    """Whether the result of the test ends with a link to the form."""
    verdict = desk.get(page_of(credential)).content.decode().partition('class="verdict')[2]
    return f'href="{reverse("compose")}"' in verdict.partition("</div>")[0]


def test_a_passed_test_leads_to_the_first_video(
    desk: Client, theirs: Credential, make_task: MakeTask
) -> None:
    passed = [CheckResult(step=step, state=CheckState.OK).as_json() for step in REQUEST_STEPS]
    Credential.objects.get().keep_findings(passed, timezone.now())
    assert leads_on(desk, theirs)
    make_task(credential=theirs)
    assert not leads_on(desk, theirs)


def test_without_a_worker_the_page_says_so_and_stops_polling(
    desk: Client, theirs: Credential
) -> None:
    url = page_of(theirs) + "test/"
    assert (
        "responding. The test is waiting for it"
        in desk.post(url, headers={"hx-request": "1"}).content.decode()
    )
    Credential.objects.update(test_asked_at=timezone.now() - timedelta(minutes=2))
    late = desk.get(url).content.decode()
    assert "no worker took the test" in late and "hx-trigger" not in late
    desk.post(url)
    assert OrmQ.objects.count() == 2


def minutes(credential: Credential, *spans: tuple[int, AnswerTally]) -> None:
    """Store the tallies of so many minutes ago."""
    now = timezone.now().replace(second=0, microsecond=0)
    HealthMinute.objects.add(
        {(credential.pk, now - timedelta(minutes=ago)): heard for ago, heard in spans}
    )


# The chart


def test_a_day_is_shown_in_numbers_a_chart_and_a_table(desk: Client, theirs: Credential) -> None:
    minutes(
        theirs,
        (1, heard(90)),
        (2, heard(0, rate_limited=4)),
        (300, heard(10, 5.0, server=2, rate_limited=1)),
        (25 * 60, heard(1_000)),
    )
    page = desk.get(page_of(theirs)).content.decode()
    for text in ("100 answers in the last 24 hours, 7 errors", "rate-limited", "provider error"):
        assert text in page
    assert "Rate-limited in 2 minutes" in page
    assert page.count("<svg class=") >= 2 and "By hour" in page
    assert "style=" not in page.split("<main")[1]
    listed = desk.get("/credentials/").content.decode()
    assert "100 answers in the last 24 hours, 7 errors" in listed


def test_a_day_of_nothing_says_so(desk: Client, theirs: Credential) -> None:
    assert "No requests in the last 24 hours" in desk.get(page_of(theirs)).content.decode()


def test_bars_stay_within_their_chart_and_errors_can_be_seen(theirs: Credential) -> None:
    minutes(theirs, (0, heard(10_000, server=1)), (60, heard(1)), (120, heard(0, server=9_000)))
    day = day_of(theirs.pk, timezone.now())
    assert len(day.columns) == 96 and len(day.bars) == 3
    for bar in day.bars:
        assert bar.error_y >= 0 and bar.y + bar.height == 100
        assert 0 <= bar.x <= day.wide - 8
    assert day.bars[-1].error_height > 2


def test_the_line_has_gaps_where_there_were_no_answers() -> None:
    now = timezone.now()
    day = Day([(now, heard(5)), (now - timedelta(hours=6), heard(5, 2.0))], now, QUARTER)
    assert day.p50_line.count("M") == 2
    assert day.whole.p95 and day.whole.p95 > 1


def test_the_list_needs_as_many_queries_for_one_as_for_many(
    office: Client,
    project: Project,
    elsewhere: Project,
    make_task: MakeTask,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(12):
        row = another(f"Account {number}", *([elsewhere] if number % 2 else []))
        minutes(row, (1, heard(3)), (2, heard(1, server=1)))
        make_task(credential=row)
    with django_assert_max_num_queries(13):
        office.get("/credentials/")
    with django_assert_max_num_queries(20):
        office.get(page_of(row))
