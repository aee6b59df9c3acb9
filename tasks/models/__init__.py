"""The rows, the questions asked of them, and their transitions; one file per noun."""

from tasks.models.audit import AuditEntry, Verb
from tasks.models.budget import Budget
from tasks.models.callback import Callback
from tasks.models.cancellation import Cancellation, CancelOutcome
from tasks.models.charge import Charge, ChargeState, Spending
from tasks.models.copy import Copy, CopyState, CopyTrouble, Kind
from tasks.models.credential import Credential
from tasks.models.engine import ChangeCounter, Lease
from tasks.models.health import HealthMinute
from tasks.models.inquiry import Candidate, Inquiry
from tasks.models.invitation import Invitation
from tasks.models.lineage import Kinship, Origin
from tasks.models.model_name import ModelName
from tasks.models.people import Membership, Project, Role, SignInLink
from tasks.models.price import Currency, Price, Tier
from tasks.models.profile import Density, Profile, Theme
from tasks.models.prompt import SavedPrompt
from tasks.models.reconciliation import Difference, Found, Outcome, Reconciliation, Stage
from tasks.models.star import Star
from tasks.models.status_change import StatusChange
from tasks.models.storage import StorageUse
from tasks.models.submission import Batch, Submission, SubmissionState
from tasks.models.task import Task
from tasks.models.upload import Upload

__all__ = [
    "AuditEntry",
    "Batch",
    "Budget",
    "Callback",
    "CancelOutcome",
    "Cancellation",
    "Candidate",
    "ChangeCounter",
    "Charge",
    "ChargeState",
    "Copy",
    "CopyState",
    "CopyTrouble",
    "Credential",
    "Currency",
    "Density",
    "Difference",
    "Found",
    "HealthMinute",
    "Inquiry",
    "Invitation",
    "Kind",
    "Kinship",
    "Lease",
    "Membership",
    "ModelName",
    "Origin",
    "Outcome",
    "Price",
    "Profile",
    "Project",
    "Reconciliation",
    "Role",
    "SavedPrompt",
    "SignInLink",
    "Spending",
    "Stage",
    "Star",
    "StatusChange",
    "StorageUse",
    "Submission",
    "SubmissionState",
    "Task",
    "Theme",
    "Tier",
    "Upload",
    "Verb",
]
