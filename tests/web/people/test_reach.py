"""The limits of the people's page, and the projects that staff create and rename."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import AuditAction, AuditEntry, Invitation, Project, Role
from tests.web.conftest import ClientOf
from tests.web.people.doing import link_of, membership, role_url, text_of

# Access


def test_another_projects_people_answer_like_missing_ones(office: Client, stranger: User) -> None:
    theirs = membership(stranger)
    now = timezone.now()
    invitation, _ = Invitation.objects.make(
        project=theirs.project, role="viewer", invited_by=stranger, now=now
    )
    for real, missing, data in (
        (f"/people/{theirs.pk}/role/", "/people/999999/role/", {"role": "viewer"}),
        (f"/people/{theirs.pk}/remove/", "/people/999999/remove/", {}),
        (
            f"/people/invitations/{invitation.pk}/again/",
            "/people/invitations/999999/again/",
            {},
        ),
        (
            f"/people/invitations/{invitation.pk}/withdraw/",
            "/people/invitations/999999/withdraw/",
            {},
        ),
        (
            "/people/invite/",
            "/people/invite/",
            {"role": "viewer", "project": theirs.project_id},
        ),
    ):
        answer, other = office.post(real, data), office.post(missing, {**data, "project": 999999})
        assert (answer.status_code, other.status_code) == (404, 404), real
        assert plain(answer.content) == plain(other.content), real
    assert office.get(f"/people/?project={theirs.project_id}").status_code == 404
    assert office.get(f"/people/{theirs.pk}/remove/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.role == Role.MEMBER
    assert Invitation.objects.get() == invitation


def plain(body: bytes) -> bytes:
    """The body without the parts that always differ: form tokens, and the address itself."""
    body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", body)
    return re.sub(rb"/people/(invitations/)?\d+/", b"/people/N/", body)


def test_posted_fields_that_no_form_has_are_ignored(
    office: Client, manager: User, viewer: User, project: Project
) -> None:
    """Ignore posted owners of rows and posted rights of people."""
    other = Project.objects.create(name="Second")
    more = {"user": manager.pk, "is_staff": "on", "is_superuser": "on", "id": 1, "pk": 1}
    office.post(role_url(viewer), {"role": "member", "project": other.pk, **more})
    row = membership(viewer)
    assert (row.project, row.role, row.user) == (project, Role.MEMBER, viewer)
    viewer.refresh_from_db()
    assert not viewer.is_staff and not viewer.is_superuser
    link_of(office, invited_by=viewer.pk, used_by=viewer.pk, token_hash="x", ends_at="2099-01-01")
    invitation = Invitation.objects.get()
    assert (invitation.invited_by, invitation.used_by, invitation.project) == (
        manager,
        None,
        project,
    )
    assert invitation.ends_at < timezone.now() + timedelta(days=8)


@pytest.mark.parametrize("who", ["viewer", "member", "stranger"])
def test_a_person_who_manages_nothing_has_no_page_of_people(
    client_of: ClientOf, request: pytest.FixtureRequest, who: str, manager: User
) -> None:
    client = client_of(request.getfixturevalue(who))
    assert client.get("/people/").status_code == 403
    assert client.post("/people/invite/", {"role": "manager"}).status_code == 403
    assert client.post(role_url(manager), {"role": "viewer"}).status_code == 404
    assert "/people/" not in client.get("/").content.decode()


# Projects


def test_staff_make_and_rename_projects(client_of: ClientOf, staff: User, project: Project) -> None:
    office = client_of(staff)
    office.post("/people/projects/", {"name": "Autumn film", "id": project.pk})
    row = Project.objects.get(name="Autumn film")
    office.post(f"/people/projects/{row.pk}/name/", {"name": "Winter film"})
    row.refresh_from_db()
    assert row.name == "Winter film"
    verbs = AuditEntry.objects.order_by("id").values_list("verb", flat=True)
    assert list(verbs) == [AuditAction.PROJECT_MADE, AuditAction.PROJECT_CHANGED]
    last = AuditEntry.objects.order_by("id").last()
    assert last and last.changes == {"name": ["Autumn film", "Winter film"]}


def test_two_projects_never_have_one_name(
    client_of: ClientOf, staff: User, project: Project
) -> None:
    office, other = client_of(staff), Project.objects.create(name="Second")
    for url in ("/people/projects/", f"/people/projects/{other.pk}/name/"):
        answer = office.post(url, {"name": project.name})
        assert answer.status_code == 200
        assert "already exists" in answer.content.decode()
    assert Project.objects.count() == 2


def test_managers_neither_make_nor_rename_projects(office: Client, project: Project) -> None:
    assert office.post("/people/projects/", {"name": "Mine"}).status_code == 403
    url = f"/people/projects/{project.pk}/name/"
    assert office.post(url, {"name": "Mine"}).status_code == 403
    assert not Project.objects.filter(name="Mine").exists()
    assert "New project" not in text_of(office)
