"""The system check of private hosts."""

from django.core.checks import Error
from pytest_django import Settings

from tasks.checks import private_hosts_are_hosts


def test_a_list_of_hosts_is_fine(settings: Settings) -> None:
    settings.PRIVATE_HOSTS = ["gateway.lan:8443", "10.0.0.0/8", "::1"]
    assert private_hosts_are_hosts() == []


def test_an_invalid_entry_is_named(settings: Settings) -> None:
    settings.PRIVATE_HOSTS = ["gateway.lan", "http://gateway.lan"]
    [problem] = private_hosts_are_hosts()
    assert isinstance(problem, Error) and problem.id == "tasks.E003"
    assert "http://gateway.lan" in problem.msg and "gateway.lan:8443" in str(problem.hint)
