"""The Django admin: keys are never shown, and rows that only code writes are read-only."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from tasks import jobs
from tasks.models import Copy, Credential, Membership, Project, StatusChange, Task
from tasks.providers import Trouble
from tasks.providers.transport.connection_check import CheckResult, CheckState, CheckStep
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

CANARY = "sk-canary-7f3a9c51d2e84b60"
ADD = "/admin/tasks/credential/add/"


@pytest.fixture
def office(client_of: ClientOf, staff: User) -> Client:
    return client_of(staff)


def filled(**fields: Any) -> dict[str, Any]:
    usual = {"name": "Gateway", "provider": "dataeyes", "base_url": "", "key": CANARY}
    return {**usual, "active": "on", **fields}


def change_url(credential: Credential) -> str:
    return reverse("admin:tasks_credential_change", args=[credential.pk])


# Credentials


def test_a_known_provider_fills_in_its_base_url(office: Client) -> None:
    office.post(ADD, filled())
    row = Credential.objects.get()
    assert row.base_url == "https://api.dataeyes.ai"
    assert (row.reveal_key(), row.key_tail) == (CANARY, "4b60")


def test_a_base_url_with_too_much_on_it_is_corrected_with_a_message(office: Client) -> None:
    page = office.post(ADD, filled(base_url="https://api.dataeyes.ai/v1/"), follow=True)
    assert Credential.objects.get().base_url == "https://api.dataeyes.ai"
    assert "The base URL was corrected" in page.content.decode()


@pytest.mark.parametrize("url", ["http://new-api:3000", "http://[::1]:3000", "http://10.0.0.7"])
def test_a_gateway_may_be_in_the_private_network(office: Client, url: str) -> None:
    office.post(ADD, filled(provider="newapi", base_url=url))
    assert Credential.objects.get().base_url == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://10.0.0.7", "DAILIES_PRIVATE_HOSTS"),
        ("https://api.example.com:22", "DAILIES_PRIVATE_HOSTS"),
        ("http://127.0.0.1:3000", "is sent unencrypted"),  # the settings of the tests allow it
    ],
)
def test_a_blocked_address_is_saved_with_a_warning(office: Client, url: str, says: str) -> None:
    page = office.post(ADD, filled(provider="newapi", base_url=url), follow=True)
    text = page.content.decode()
    assert says in text and ("PRIVATE_HOSTS" in text) == ("PRIVATE_HOSTS" in says)
    assert Credential.objects.get().base_url == url


def test_an_invalid_address_is_refused_at_its_field(office: Client) -> None:
    for url in ("a valid address", "https://" + "a" * 295):
        page = office.post(ADD, filled(provider="newapi", base_url=url))
        assert "base_url" in page.context["adminform"].form.errors
    assert not Credential.objects.exists()


def test_a_new_credential_needs_a_key(office: Client) -> None:
    page = office.post(ADD, filled(key=""))
    assert "key" in page.context["adminform"].form.errors
    assert not Credential.objects.exists()


def test_a_key_left_empty_stays_as_it_was(office: Client) -> None:
    office.post(ADD, filled())
    row = Credential.objects.get()
    office.post(change_url(row), filled(name="Renamed", base_url=row.base_url, key=""))
    row.refresh_from_db()
    assert (row.name, row.reveal_key()) == ("Renamed", CANARY)


def test_a_new_key_clears_the_old_ones_trouble(office: Client) -> None:
    office.post(ADD, filled())
    Credential.objects.update(trouble="unauthorized", paused_until=timezone.now())
    row = Credential.objects.get()
    office.post(change_url(row), filled(base_url=row.base_url, key="Bearer sk-another-0123456789"))
    row.refresh_from_db()
    assert (row.reveal_key(), row.trouble, row.paused_until) == (
        "sk-another-0123456789",
        "",
        None,
    )


def test_a_stored_key_is_not_sent_to_another_host(office: Client) -> None:
    office.post(ADD, filled())
    row = Credential.objects.get()
    page = office.post(change_url(row), filled(base_url="https://evil.example", key=""))
    assert "now points to another host" in page.content.decode()
    row.refresh_from_db()
    assert row.base_url == "https://api.dataeyes.ai"


def test_saving_a_name_leaves_what_the_sweep_wrote_meanwhile(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.post(ADD, filled())
    row = Credential.objects.get()
    save = Credential.save

    def late(self: Credential, *args: Any, **kwargs: Any) -> None:
        Credential.objects.filter(pk=self.pk).update(trouble="server")
        save(self, *args, **kwargs)

    monkeypatch.setattr(Credential, "save", late)
    office.post(change_url(row), filled(name="Renamed", base_url=row.base_url, key=""))
    row.refresh_from_db()
    assert (row.name, row.trouble) == ("Renamed", "server")


def test_a_corrected_address_moves_the_tasks_that_never_had_an_answer(
    office: Client, make_task: MakeTask
) -> None:
    office.post(ADD, filled(provider="newapi", base_url="https://wrong.example"))
    row = Credential.objects.get(name="Gateway")
    unanswered = make_task(credential=row)
    answered = make_task(credential=row, answer_digest="1")
    taken = make_task("cgt-1", credential=row)
    make_task("cgt-1", credential=row, base_url="https://right.example", answer_digest="2")
    office.post(change_url(row), filled(provider="newapi", base_url="https://right.example"))
    for task, url in ((unanswered, "right"), (answered, "wrong"), (taken, "wrong")):
        task.refresh_from_db()
        assert task.base_url == f"https://{url}.example"


@pytest.mark.exhaustive
def test_the_key_is_in_no_page_no_message_and_no_log_entry(
    office: Client, make_task: MakeTask
) -> None:
    bodies = [office.post(ADD, filled(name="", key=CANARY))]
    bodies += [office.post(ADD, filled(key=f"{CANARY} {CANARY}"))]
    bodies += [office.post(ADD, filled(), follow=True)]
    row = Credential.objects.get(name="Gateway")
    bodies += [office.post(change_url(row), filled(base_url="ftp://x"), follow=True)]
    bodies += [office.post(change_url(row), filled(base_url=row.base_url), follow=True)]
    make_task(credential=row)
    bodies += [office.get(url) for url in every_admin_page()]
    assert len(bodies) > 30
    for page in bodies:
        assert CANARY not in page.content.decode()
        assert row.sealed_key not in page.content.decode()
    assert CANARY not in str(list(LogEntry.objects.values()))
    assert "…4b60" in office.get("/admin/tasks/credential/").content.decode()


def every_admin_page() -> list[str]:
    """Lists, forms for new rows, and each row's own pages, of every registered model."""
    urls = ["/admin/", "/admin/password_change/"]
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        urls += [base, f"{base}add/"]
        for row in model._default_manager.all()[:2]:
            urls += [f"{base}{row.pk}/{page}/" for page in ("change", "history", "delete")]
    return urls


def test_a_test_of_the_connection_is_a_job_and_its_findings_are_shown(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Credential] = []

    def examine(credential: Credential, **kwargs: Any) -> list[CheckResult]:
        asked.append(credential)
        return [CheckResult(step=CheckStep.KEY, state=CheckState.FAILED, why=Trouble.UNAUTHORIZED)]

    monkeypatch.setattr("tasks.tracking.connection_test.examine", examine)
    office.post(ADD, filled())
    row = Credential.objects.get()
    action = {"action": "test_connection", "_selected_action": [row.pk]}
    office.post("/admin/tasks/credential/", action)
    data = filled(base_url=row.base_url, key="", _test="1")
    by_button = office.post(change_url(row), data, follow=True)
    assert by_button.redirect_chain[-1][0] == change_url(row)
    waiting = [job.task for job in OrmQ.objects.all()]
    assert [job["func"] for job in waiting] == ["tasks.jobs.test_credential"] * 2
    assert not asked and "Asking the provider…" in by_button.content.decode()
    jobs.test_credential(*waiting[0]["args"])
    assert asked == [row]
    assert "The provider rejected the key" in office.get(change_url(row)).content.decode()


def test_both_forms_have_the_test_button(office: Client) -> None:
    assert 'name="_test"' in office.get(ADD).content.decode()
    office.post(ADD, filled())
    assert 'name="_test"' in office.get(change_url(Credential.objects.get())).content.decode()


def test_a_credential_in_trouble_says_what_to_do(office: Client, credential: Credential) -> None:
    Credential.objects.update(trouble="overdue", trouble_message="insufficient_user_quota")
    for url in ("/admin/tasks/credential/", change_url(credential)):
        assert "Top it up" in office.get(url).content.decode()


def test_staff_who_may_only_view_see_no_key_field(
    client_of: ClientOf, credential: Credential
) -> None:
    from django.contrib.auth.models import Permission

    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_credential"))
    page = client_of(clerk).get(change_url(credential)).content.decode()
    assert "…6789" in page
    assert 'name="key"' not in page
    assert 'name="_test"' not in page


# People and projects


def test_a_new_person_joins_the_only_project(office: Client, project: Project) -> None:
    password = {"password1": "tall-orange-7", "password2": "tall-orange-7"}
    data = {"username": "newcomer", "usable_password": "true", **password}
    office.post("/admin/auth/user/add/", data)
    assert Membership.objects.get(user__username="newcomer").project == project


def test_a_new_person_joins_nothing_where_there_are_several_projects(
    office: Client, project: Project
) -> None:
    Project.objects.create(name="Another")
    password = {"password1": "tall-orange-7", "password2": "tall-orange-7"}
    data = {"username": "newcomer", "usable_password": "true", **password}
    office.post("/admin/auth/user/add/", data)
    assert User.objects.filter(username="newcomer").exists()
    assert not Membership.objects.exists()


# Tasks and the queue, read-only


def test_tasks_and_their_history_cannot_be_written(office: Client, make_task: MakeTask) -> None:
    task = make_task(raw='{"id": "cgt-1", "名": "海"}')
    change = StatusChange.objects.create(
        task=task, was="queued", became="running", at=timezone.now()
    )
    copy = Copy.objects.create(task=task, kind="video", created_at=timezone.now())
    for row in (task, change, copy):
        base = f"/admin/tasks/{row._meta.model_name}/"
        assert office.get(base).status_code == office.get(f"{base}{row.pk}/change/").status_code
        for forbidden in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
            assert office.post(base + forbidden, {"status": "failed"}).status_code == 403
    assert (
        "&quot;名&quot;: &quot;海&quot;"
        in office.get(f"/admin/tasks/task/{task.pk}/change/").content.decode()
    )


def test_tasks_are_found_by_id_and_by_words(office: Client, make_task: MakeTask) -> None:
    from tasks.models.search import searchable

    sea = make_task(search_text=searchable("a wave 海浪", "cgt-777-sea"))
    StatusChange.objects.create(task=sea, was="queued", became="running", at=timezone.now())
    cat = make_task(search_text=searchable("a cat", "cgt-888-cat"))
    for task in (sea, cat):
        Copy.objects.create(task=task, kind="video", created_at=timezone.now())
    for words in ("cgt-777", "海浪", "wave"):
        for model in ("task", "statuschange", "copy"):
            page = office.get(f"/admin/tasks/{model}/", {"q": words})
            assert page.context["cl"].result_count == 1


def test_a_long_list_is_shown_without_counting_all_or_reading_answers(
    office: Client, make_task: MakeTask, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        task = make_task(raw='{"very": "long"}')
        Copy.objects.create(task=task, kind="video", created_at=timezone.now())
    with django_assert_max_num_queries(12) as queries:
        office.get("/admin/tasks/task/")
    with django_assert_max_num_queries(10) as more:
        assert office.get("/admin/tasks/copy/").context["cl"].result_count == 30
    queries = [*queries, *more]
    assert not any('"tasks_task"."raw"' in query["sql"] for query in queries)


@pytest.mark.parametrize("name", ["schedule", "failure", "success", "ormq"])
def test_nobody_can_have_the_queue_run_code_of_their_choice(office: Client, name: str) -> None:
    schedule = apps.get_model("django_q", "Schedule")
    data = {"func": "os.system", "args": "'true'", "schedule_type": "O", "repeats": "1"}
    base = f"/admin/django_q/{name}/"
    assert office.post(f"{base}add/", data).status_code in (403, 404)
    schedule.objects.all().delete()
    row = schedule.objects.create(func="math.floor", name="ours")
    assert office.post(f"{base}{row.pk}/change/", data).status_code in (302, 403, 404)
    for action in ("resubmit_task", "delete_selected"):
        office.post(base, {"action": action, "_selected_action": [row.pk]})
    assert list(schedule.objects.values_list("func", flat=True)) == ["math.floor"]


def test_the_queue_can_be_looked_at(office: Client) -> None:
    schedule = apps.get_model("django_q", "Schedule")
    failure = apps.get_model("django_q", "Failure")
    now = timezone.now()
    schedule.objects.all().delete()
    schedule.objects.create(func="math.floor", name="ours")
    failure.objects.create(
        id="a" * 32, name="one", func="f", started=now, stopped=now, success=False
    )
    for name in ("schedule", "failure"):
        page = office.get(f"/admin/django_q/{name}/")
        assert page.context["cl"].result_count == 1


def test_the_admin_speaks_the_language_that_was_chosen(office: Client) -> None:
    office.post(reverse("set_language"), {"language": "zh-hans", "next": "/"})
    assert 'lang="zh-hans"' in office.get("/admin/").content.decode()


def test_tasks_survive_the_removal_of_a_person(
    office: Client, member: User, make_task: MakeTask
) -> None:
    task = make_task(created_by=member)
    office.post(f"/admin/auth/user/{member.pk}/delete/", {"post": "yes"})
    assert Task.objects.get().pk == task.pk
