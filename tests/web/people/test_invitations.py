"""Invitations: a link that lets one person in, once."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from tasks.models import AuditAction, AuditEntry, Invitation, Project
from tests.web.people.doing import link_of, text_of


def test_an_invitation_shows_its_link_once_and_is_noted(office: Client, project: Project) -> None:
    link = link_of(office, role="member", email="new@example.com", project=project.pk)
    row = Invitation.objects.get()
    assert (row.project, row.role, row.email) == (project, "member", "new@example.com")
    token = link.rstrip("/").rpartition("/")[2]
    assert token not in text_of(office)
    assert "new@example.com" in text_of(office)
    entry = AuditEntry.objects.get(verb=AuditAction.INVITED)
    assert token not in str(entry.__dict__)
    assert token not in str(row.__dict__)


def test_a_link_that_was_withdrawn_lets_nobody_in(office: Client, client: Client) -> None:
    link = link_of(office)
    office.post(f"/people/invitations/{Invitation.objects.get().pk}/withdraw/")
    assert client.get(link).status_code == 410
    assert AuditEntry.objects.filter(verb=AuditAction.INVITATION_WITHDRAWN).count() == 1
    assert "withdrawn" in text_of(office)


def test_inviting_again_makes_a_new_link_and_ends_the_old_one(
    office: Client, client: Client
) -> None:
    old = link_of(office)
    row = Invitation.objects.get()
    Invitation.objects.update(ends_at=timezone.now() - timedelta(days=1))
    new = link_of(office, f"/people/invitations/{row.pk}/again/")
    assert client.get(old).status_code == 410
    assert client.get(new).status_code == 200
    assert Invitation.objects.count() == 1


def test_a_used_invitation_is_not_renewed(office: Client, viewer: User, client: Client) -> None:
    link_of(office)
    Invitation.objects.update(used_at=timezone.now(), used_by=viewer)
    url = f"/people/invitations/{Invitation.objects.get().pk}/again/"
    assert office.post(url).status_code == 302
    assert not Invitation.objects.pending(timezone.now()).exists()


def test_an_invitation_is_sent_by_e_mail_where_the_site_can_send_it(
    office: Client, settings: object, mailoutbox: list[mail.EmailMultiAlternatives]
) -> None:
    link_of(office, email="new@example.com")
    assert not mailoutbox
    settings.EMAIL_READY = True  # type: ignore[attr-defined]
    link = link_of(office, email="new@example.com")
    [sent] = mailoutbox
    assert sent.to == ["new@example.com"]
    assert link in str(sent.body)
    [(html, kind)] = sent.alternatives
    page, text_part = str(html), str(sent.body)
    assert kind == "text/html" and page.count(f'href="{link}"') == 2
    for text in (page, text_part):
        assert "manager" in text and "<b>" not in text
    link_of(office)
    assert len(mailoutbox) == 1


def test_a_wrong_address_is_reported_beside_its_field(office: Client) -> None:
    answer = office.post("/people/invite/", {"role": "viewer", "email": "nobody"})
    assert "Enter a valid email address." in answer.content.decode()
    assert not Invitation.objects.exists()
