"""The rows, the questions asked of them, and their transitions; one file per noun."""

from tasks.models.copy import Copy, CopyState, CopyTrouble, Kind
from tasks.models.credential import Credential
from tasks.models.engine import ChangeCounter, Lease
from tasks.models.people import Membership, Project, Role, SignInLink
from tasks.models.status_change import StatusChange
from tasks.models.storage import StorageUse
from tasks.models.task import Task

__all__ = [
    "ChangeCounter",
    "Copy",
    "CopyState",
    "CopyTrouble",
    "Credential",
    "Kind",
    "Lease",
    "Membership",
    "Project",
    "Role",
    "SignInLink",
    "StatusChange",
    "StorageUse",
    "Task",
]
