"""Tracking pasted ids: the preview, and the tasks that are saved after it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from tasks.models import (
    Credential,
    Membership,
    Project,
    Role,
    Task,
)
from tasks.tracking.imports.pasted_ids import PreviewKind
from tasks.web.forms.track import MOST_IDS
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.track.doing import URL, A, B, typed

C = "cgt-20261120120000-ccccc"


G = "task_0123456789abcdef0123456789abcdef"


def test_a_preview_saves_nothing_and_shows_the_effect_of_each_line(
    client_of: ClientOf, member: User, ark: Credential, make_task: MakeTask
) -> None:
    known = make_task(B, credential=ark)
    make_task(C, credential=ark, deleted_at=timezone.now())
    page = client_of(member).post(URL, typed(f"{A} {B} {C} {G} {A} cgt2026!", ark))
    kinds = [line.kind for line in page.context["lines"]]
    assert kinds == list(PreviewKind)
    assert known.get_absolute_url() in page.content.decode()
    assert "in the trash" in page.content.decode()
    assert Task.objects.count() == 2


def test_new_ids_of_the_preview_are_tracked_in_the_second_step(
    client_of: ClientOf, member: User, project: Project, ark: Credential
) -> None:
    client = client_of(member)
    preview = client.post(URL, typed(f"{A}\n{B}\n{G}", ark))
    answer = client.post(URL, typed(preview.context["ids"], ark, "track"), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("tasks")
    assert "Tracking 2 tasks" in answer.content.decode()
    rows = Task.objects.order_by("id")
    assert [(t.remote_id, t.project, t.credential, t.created_by) for t in rows] == [
        (A, project, ark, member),
        (B, project, ark, member),
    ]
    assert {(t.base_url, t.provider) for t in rows} == {(ark.base_url, "volcengine")}


def test_sending_the_second_step_twice_tracks_once(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    client.post(URL, typed(A, ark, "track"))
    again = client.post(URL, typed(A, ark, "track"), follow=True)
    assert "Nothing new" in again.content.decode()
    assert Task.objects.count() == 1


def test_a_doubtful_id_is_only_tracked_by_those_who_insist(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    assert client.post(URL, typed(G, ark, "track")).status_code == 200
    assert not Task.objects.exists()
    client.post(URL, typed(G, ark, "track", doubtful="1"))
    assert Task.objects.get().remote_id == G


def test_a_malformed_id_is_never_tracked(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client_of(member).post(URL, typed(f"{A} cgt2026! ../../etc2026", ark, "track", doubtful="1"))
    assert [task.remote_id for task in Task.objects.all()] == [A]


def test_a_task_of_a_hidden_project_is_shown_only_as_tracked(
    client_of: ClientOf, member: User, ark: Credential, make_task: MakeTask
) -> None:
    hidden = make_task(A, credential=ark, project=Project.objects.create(name="Secret project"))
    client = client_of(member)
    page = client.post(URL, typed(A, ark)).content.decode()
    assert "already tracked elsewhere" in page
    assert hidden.get_absolute_url() not in page
    assert "Secret project" not in page
    client.post(URL, typed(A, ark, "track"))
    hidden.refresh_from_db()
    assert (Task.objects.count(), hidden.project.name) == (1, "Secret project")


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        ("", "Paste at least one task id, or choose a file."),
        (" ,;\n ", "No task id found."),
        ("sk-only-a-key-1234567", "No task id found."),
        (" ".join(f"cgt-{n}" for n in range(MOST_IDS + 1)), "the limit is 2000"),
    ],
)
def test_an_error_is_shown_beside_the_field(
    client_of: ClientOf, member: User, ark: Credential, ids: str, sentence: str
) -> None:
    page = client_of(member).post(URL, typed(ids, ark))
    assert sentence in str(page.context["form"].errors["ids"])
    assert 'id="id_ids_error"' in page.content.decode()


def test_the_posted_ids_survive_errors_and_the_step_back(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    mistake = client.post(URL, {"ids": f"{A}\n{B}", "credential": "77"})
    assert A in mistake.content.decode() and B in mistake.content.decode()
    assert "no longer exists" in mistake.content.decode()
    back = client.post(URL, typed(f"{A} {B}", ark, "edit"))
    assert f"{A} {B}" in back.content.decode()
    assert not Task.objects.exists()


@pytest.mark.exhaustive
def test_two_thousand_ids_can_be_tracked_at_once(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    ids = " ".join(f"cgt-{n:05}" for n in range(MOST_IDS))
    client_of(member).post(URL, typed(ids, ark, "track"))
    assert Task.objects.count() == MOST_IDS


def test_an_inactive_credential_cannot_be_chosen(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    Credential.objects.update(active=False)
    client = client_of(member)
    assert client.post(URL, typed(A, ark, "track")).status_code == 200
    assert not Task.objects.exists()
    assert "No active credential yet" in client.get(URL).content.decode()


def test_a_viewer_cannot_track(client_of: ClientOf, viewer: User, ark: Credential) -> None:
    client = client_of(viewer)
    assert (
        client.get(URL).status_code == client.post(URL, typed(A, ark, "track")).status_code == 403
    )
    assert not Task.objects.exists()


def test_a_project_is_only_chosen_among_those_one_works_in(
    client_of: ClientOf, member: User, project: Project, ark: Credential
) -> None:
    own, seen, foreign = (Project.objects.create(name=name) for name in ("Own", "Seen", "Foreign"))
    Membership.objects.create(project=own, user=member)
    Membership.objects.create(project=seen, user=member, role=Role.VIEWER)
    client = client_of(member)
    offered = client.get(URL).context["form"].fields["project"].queryset
    assert set(offered) == {project, own}
    for other in (seen, foreign):
        assert client.post(URL, typed(A, ark, "track", project=other.pk)).status_code == 200
    assert not Task.objects.exists()
    client.post(URL, typed(A, ark, "track", project=own.pk))
    assert Task.objects.get().project == own


def test_whoever_works_in_one_project_is_not_asked_and_cannot_choose_another(
    client_of: ClientOf, member: User, project: Project, ark: Credential
) -> None:
    foreign = Project.objects.create(name="Foreign")
    client = client_of(member)
    assert "project" not in client.get(URL).context["form"].fields
    client.post(URL, typed(A, ark, "track", project=foreign.pk))
    assert Task.objects.get().project == project


def test_posted_values_that_the_form_lacks_are_ignored(
    client_of: ClientOf, member: User, stranger: User, ark: Credential
) -> None:
    extra = {"status": "succeeded", "created_by": stranger.pk, "base_url": "https://evil.example"}
    client_of(member).post(URL, typed(A, ark, "track", **extra))
    task = Task.objects.get()
    assert (task.status, task.created_by, task.base_url) == ("unknown", member, ark.base_url)


def test_pasted_text_is_escaped(client_of: ClientOf, member: User, ark: Credential) -> None:
    page = client_of(member).post(URL, typed(f"{A} <script>alert(1)</script>", ark))
    assert "<script>alert" not in page.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_paste(
    client_of: ClientOf,
    member: User,
    ark: Credential,
    settings: Any,
    django_assert_max_num_queries: Any,
) -> None:
    settings.LIMITS = settings.LIMITS | {"track": (0, 3600)}  # Redis counts without any
    client = client_of(member)
    with django_assert_max_num_queries(20):
        client.post(URL, typed(" ".join(f"cgt-{n:05}" for n in range(500)), ark))
