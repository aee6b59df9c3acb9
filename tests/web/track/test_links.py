"""Tracking by a link, and ids that are known already."""

from django.contrib.auth.models import User
from django.utils import timezone

from tasks.models import (
    Credential,
    Membership,
    Project,
    Task,
    UntrackedTask,
)
from tasks.providers import RemoteTask
from tasks.providers.status import Status
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.track.doing import URL, A, B, typed


def test_a_link_leads_to_the_preview_and_changes_nothing(
    client_of: ClientOf, member: User, ark: Credential, credential: Credential
) -> None:
    client = client_of(member)
    for named in (ark.name, str(ark.pk)):
        page = client.get(URL, {"id": A, "credential": named})
        assert [line.text for line in page.context["lines"]] == [A]
        assert page.context["credential"] == ark
    assert not Task.objects.exists()
    unnamed = client.get(URL, {"id": [A, B]})
    assert "Choose the credential" in unnamed.content.decode()
    assert A in unnamed.content.decode() and B in unnamed.content.decode()
    assert "lines" not in client.get(URL, {"id": A, "credential": "nobody's"}).context


def test_a_link_without_an_id_chooses_the_credential(
    client_of: ClientOf, member: User, ark: Credential, credential: Credential
) -> None:
    form = client_of(member).get(URL, {"credential": ark.pk}).context["form"]
    assert form.initial == {"credential": ark.pk}


def test_another_projects_credential_is_neither_offered_nor_accepted(
    client_of: ClientOf, member: User, project: Project, ark: Credential, credential: Credential
) -> None:
    own = Project.objects.create(name="Own")
    Membership.objects.create(project=own, user=member)
    Credential.objects.update(open_to_all=False)
    credential.projects.add(project)
    client = client_of(member)
    offered = client.get(URL).context["form"].fields["credential"].queryset
    assert list(offered) == [credential]
    client.post(URL, typed(A, ark, "track", project=project.pk))
    page = client.post(URL, typed(A, credential, "track", project=own.pk))
    assert "t use this credential." in page.content.decode()
    assert not Task.objects.exists()


def test_an_id_in_the_trash_is_not_tracked_twice(
    client_of: ClientOf, member: User, ark: Credential, make_task: MakeTask
) -> None:
    make_task(A, credential=ark, deleted_at=timezone.now())
    answer = client_of(member).post(URL, typed(A, ark, "track"), follow=True)
    assert "Nothing new" in answer.content.decode()
    assert Task.objects.count() == 1


def test_the_trash_of_others_is_not_revealed(
    client_of: ClientOf, member: User, ark: Credential, make_task: MakeTask
) -> None:
    secret = Project.objects.create(name="Secret project")
    make_task(A, credential=ark, project=secret, deleted_at=timezone.now())
    page = client_of(member).post(URL, typed(A, ark)).content.decode()
    assert "already tracked elsewhere" in page and "in the trash" not in page


def test_a_tracked_task_is_no_longer_untracked(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    remote = RemoteTask(id=A, status=Status.RUNNING, status_word="running", raw={})
    UntrackedTask.of(remote, ark, ark.base_url, timezone.now()).save()
    client_of(member).post(URL, typed(A, ark, "track"))
    assert not UntrackedTask.objects.exists()
