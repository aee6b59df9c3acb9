"""Only tasks/models/access decides who may do what: other code asks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: What only looks like a decision about access, as it stands in the source, and why it is none.
ALLOWED = {
    "request.user.has_perm('mfa.delete_authenticator')": "the admin has permissions of its own",
    "request.user.has_perm('tasks.delete_task')": "the admin has permissions of its own",
    "active.filter(is_superuser=True)": "whose link is printed on the server's own terminal",
    "before == role": "there is nothing to change where a role stays as it is",
    "Membership.objects.filter(project=invitation.project, user=user)": "the row joining writes",
}
ALLOWED_IN_TEMPLATES = {
    "{% if value == person.membership.role %}": "which of a form's options is chosen",
}

STAFF = {"is_staff", "is_superuser"}
LOOKED_UP = {*STAFF, "role", "membership", "members", "groups", "user_permissions"}
LOOKUPS = {"filter", "exclude", "get", "Q", "When", "get_object_or_404", "get_list_or_404"}
READS = {"getattr", "attrgetter", "values", "values_list"}
PERMISSIONS = {
    *("has_perm", "has_perms", "has_module_perms", "get_all_permissions"),
    *("permission_required", "user_passes_test", "staff_member_required"),
    *("PermissionRequiredMixin", "UserPassesTestMixin"),
}
ROLE_WORDS = {"viewer", "member", "manager"}


def decisions(source: str) -> list[tuple[int, str]]:
    """Line and text of each expression that decides by role, membership or staff."""
    nodes = list(ast.walk(ast.parse(source)))
    found = {node for node in nodes if _decides(node)}
    found |= {test for node in nodes for test in _tests_of(node) if _reads_a_role(test)}
    return sorted((getattr(node, "lineno", 0), ast.unparse(node)) for node in found)


def _decides(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(names=names):
            return any(alias.name in PERMISSIONS for alias in names)
        case ast.Attribute(attr=name, ctx=ast.Load()):
            return name in {*STAFF, "membership_set", "reaches"}
        case ast.Name(id=name):
            return name in PERMISSIONS
        case ast.Compare():
            return _compares_a_role(node)
        case ast.Call():
            return _looks_up_people(node)
    return False


def _compares_a_role(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    with_nothing = any(isinstance(side, ast.Constant) and side.value is None for side in sides)
    return not with_nothing and any(map(_is_role, sides))


def _reads_a_role(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "role"


def _is_role(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(attr="role") | ast.Name(id="role"):
            return True
        case ast.Attribute(value=ast.Name(id="Role")) | ast.Call(func=ast.Name(id="Role")):
            return True
        case ast.Constant(value=str(word)):
            return word in ROLE_WORDS
        case ast.Tuple(elts=each) | ast.List(elts=each) | ast.Set(elts=each):
            return any(map(_is_role, each))
    return False


def _tests_of(node: ast.AST) -> Iterator[ast.expr]:
    """Expressions taken for true or false, or told apart by `match`."""
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield test
        case ast.BoolOp(values=values):
            yield from values
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Match(subject=subject):
            yield subject
        case ast.comprehension(ifs=ifs):
            yield from ifs


def _looks_up_people(node: ast.Call) -> bool:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            pass
        case _:
            return False
    texts = {each.value for each in node.args if isinstance(each, ast.Constant)}
    if name in PERMISSIONS or (name in READS and texts & {*STAFF, "role"}):
        return True
    if name not in LOOKUPS:
        return False
    parts = {part for keyword in node.keywords for part in (keyword.arg or "").split("__")}
    of_memberships = ast.unparse(node.func).startswith("Membership.")
    return bool(parts & LOOKED_UP) or (of_memberships and bool(parts & {"user", "user_id"}))


#: Rooms below the models know no people: a `role` there is that of a picture or a message.
WITHOUT_PEOPLE = {"providers", "simulator", "media"}


def python_files() -> Iterator[Path]:
    for folder in ("tasks", "seedance_site"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            if "migrations" in parts or parts[1] in WITHOUT_PEOPLE:
                continue
            if parts[:3] != ("tasks", "models", "access"):
                yield path


@pytest.mark.exhaustive
def test_python_asks_access_and_decides_nothing_itself() -> None:
    found = [(path, *each) for path in python_files() for each in decisions(path.read_text())]
    places = [f"{path.relative_to(ROOT)}:{line}: {text}" for path, line, text in found]
    assert sorted(text for _path, _line, text in found) == sorted(ALLOWED), "\n".join(places)


#: In a template: tags, and what they print.
_TAG = re.compile(r"{%.*?%}|{{.*?}}")
_DECIDES = re.compile(
    r"\bis_staff\b|\bis_superuser\b|\bperms\.|\bmembership_set\b"
    r"|{% (?:el)?if\b[^%]*(?:\brole\b|['\"](?:viewer|member|manager)['\"])"
)


def decided_in_template(source: str) -> list[str]:
    return [tag for tag in _TAG.findall(source) if _DECIDES.search(tag)]


def test_templates_show_what_access_has_decided() -> None:
    paths = sorted((ROOT / "templates").rglob("*.html"))
    assert paths
    found = [(path, tag) for path in paths for tag in decided_in_template(path.read_text())]
    places = [f"{path.relative_to(ROOT)}: {tag}" for path, tag in found]
    assert sorted(tag for _path, tag in found) == sorted(ALLOWED_IN_TEMPLATES), "\n".join(places)


# The tests above detect what they search for


@pytest.mark.parametrize(
    "source",
    [
        "request.user.is_staff",
        "if not user.is_superuser: pass",
        "found.role == Role.MANAGER",
        "found.role in ('member', 'manager')",
        "role != 'viewer'",
        "wanted is Role.MEMBER",
        "1 if membership.role else 2",
        "match membership.role:\n    case _: pass",
        "Role(had.role).reaches(other)",
        "getattr(user, 'is_staff')",
        "Project.objects.filter(membership__user=user)",
        "Project.objects.exclude(membership__role='viewer')",
        "Project.objects.filter(members=user)",
        "Q(user__is_staff=True)",
        "Membership.objects.filter(user=user)",
        "Membership.objects.order_by('pk').get(user_id=1)",
        "Membership.objects.values_list('role', flat=True)",
        "user.membership_set.all()",
        "user.has_perm('tasks.view_task')",
        "@staff_member_required\ndef view(request): pass",
        "from django.contrib.auth.decorators import user_passes_test as asks",
    ],
)
def test_a_decision_is_detected(source: str) -> None:
    assert decisions(source)


@pytest.mark.parametrize(
    "source",
    [
        "user.is_staff = user.is_superuser = True",
        "Membership.objects.create(project=project, user=user, role=Role.MANAGER)",
        "Membership.objects.filter(project=project)",
        "found.role = role",
        "note(request, role=[found.role, ''])",
        "defaults = {'is_staff': role is None}",
        "list_display = ('user', 'role', 'is_staff')",
        "Task.objects.cancellable_by(user)",
    ],
)
def test_writing_and_showing_are_not_decisions(source: str) -> None:
    assert not decisions(source)


@pytest.mark.parametrize(
    "source",
    [
        "{% if user.is_staff %}",
        "{{ user.is_superuser|yesno }}",
        "{% if perms.tasks.view_task %}",
        '{% elif person.role == "manager" %}',
        "{% if kind == 'viewer' %}",
    ],
)
def test_a_decision_in_a_template_is_detected(source: str) -> None:
    assert decided_in_template(source)
