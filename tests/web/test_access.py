"""The rights table: one row per address, one column per kind of person.

A new address needs a row in EXPECTED; the test of completeness says so. Cells are status codes;
DOOR is a redirect to the sign-in page. "{task}" is a task of the project that viewer, member and
manager are in, and the stranger is not.

Two more kinds of people are columns with few cells of their own: the neighbour, who manages the
stranger's project, and the clerk, who is staff without rights in the Django admin. Of other methods
there are so few answers that rules say them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from tasks.models import Project
from tasks.web.navigation import API_PATHS
from tests.tokens import bearer, texts_of_every_kind
from tests.web.everyone import DOOR, browsers, people, routes, seen, world

__all__ = ["people", "world"]

SESSION = settings.SESSION_COOKIE_NAME
CHANGES_ROWS = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
WHO = ("anonymous", "stranger", "viewer", "member", "manager", "staff")
ALSO = ("neighbour", "clerk")
ALL_OF_THEM = (200,) * 6
MOVED = (DOOR, 308, 308, 308, 308, 308)
SIGNED_IN = (DOOR, 200, 200, 200, 200, 200)
NOT_BY_GET = (405,) * 6
IN_ALREADY = (200, 302, 302, 302, 302, 302)
PROVE = (DOOR, 302, 302, 302, 302, 302)  # signed in, and to say the password once more
NONE_YET = (DOOR, 404, 404, 404, 404, 404)
BILL_ACTS = {
    "columns": "columns/",
    "compare": "compare/",
    "adopt": "adopt/",
    "export": "export.csv",
    "remove": "remove/",
}

#: (method, route): (address, expected for each of WHO)
EXPECTED: dict[tuple[str, str], tuple[str, tuple[int | str, ...]]] = {
    # Watching
    ("GET", "tasks"): ("/", SIGNED_IN),
    ("GET", "task"): ("/tasks/{task}/", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "refresh_task"): ("/tasks/{task}/refresh/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "refresh_task"): ("/tasks/{task}/refresh/", (DOOR, 404, 404, 302, 302, 302)),
    ("GET", "live"): ("/live/", SIGNED_IN),  # a script without a session gets a 401
    ("GET", "design"): ("/design/", NONE_YET),  # in a demonstration only
    ("GET", "healthz"): ("/healthz", ALL_OF_THEM),
    ("GET", "readyz"): ("/readyz", (503,) * 6),  # nothing is tried in the tests' own process
    ("GET", "statusz"): ("/statusz", (401, 403, 403, 403, 403, 200)),  # or with a token
    ("GET", "ark_tasks"): ("/api/v3/contents/generations/tasks", (401,) * 6),  # with a token only
    ("POST", "ark_tasks"): ("/api/v3/contents/generations/tasks", (401,) * 6),
    ("GET", "ark_task"): ("/api/v3/contents/generations/tasks/cgt-1", (401,) * 6),
    ("POST", "ark_task"): ("/api/v3/contents/generations/tasks/cgt-1", (405,) * 6),
    ("GET", "ark_models"): ("/api/v3/models", (401,) * 6),
    ("POST", "ark_models"): ("/api/v3/models", (405,) * 6),
    ("GET", "api_file"): ("/api/files/nonsense/video.mp4", (404,) * 6),  # whoever has the link
    ("POST", "api_file"): ("/api/files/nonsense/video.mp4", (405,) * 6),
    ("GET", "openai_videos"): ("/v1/videos", (401,) * 6),  # with a token only
    ("POST", "openai_videos"): ("/v1/videos", (401,) * 6),
    ("GET", "openai_video"): ("/v1/videos/video_1", (401,) * 6),
    ("POST", "openai_video"): ("/v1/videos/video_1", (405,) * 6),
    ("GET", "openai_content"): ("/v1/videos/video_1/content", (401,) * 6),
    ("POST", "openai_content"): ("/v1/videos/video_1/content", (405,) * 6),
    ("GET", "openai_models"): ("/v1/models", (401,) * 6),
    ("POST", "openai_models"): ("/v1/models", (405,) * 6),
    ("GET", "newapi_generations"): ("/v1/video/generations", (405,) * 6),
    ("POST", "newapi_generations"): ("/v1/video/generations", (401,) * 6),
    ("GET", "newapi_generation"): ("/v1/video/generations/task_1", (401,) * 6),
    ("POST", "newapi_generation"): ("/v1/video/generations/task_1", (405,) * 6),
    ("GET", "gateway_nothing"): ("/v1/nothing", (404,) * 6),
    ("POST", "gateway_nothing"): ("/v1/nothing", (404,) * 6),
    ("GET", "api_nothing"): ("/api/nothing", (404,) * 6),
    ("POST", "api_nothing"): ("/api/nothing", (404,) * 6),
    ("GET", "callback"): ("/callback/hint_nonsense", NOT_BY_GET),
    ("POST", "callback"): ("/callback/hint_nonsense", (404,) * 6),  # whoever has the token
    # The door
    ("GET", "sign_in"): ("/sign-in/", IN_ALREADY),
    ("POST", "sign_in"): ("/sign-in/", IN_ALREADY),  # the form again, with its errors
    ("GET", "sign_out"): ("/sign-out/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "sign_out"): ("/sign-out/", (DOOR, DOOR, DOOR, DOOR, DOOR, DOOR)),
    ("GET", "password"): ("/password/", SIGNED_IN),
    ("POST", "password"): ("/password/", SIGNED_IN),  # the form again, with its errors
    ("GET", "enter"): ("/enter/nonsense/", (410,) * 6),
    ("POST", "enter"): ("/enter/nonsense/", (410,) * 6),
    ("GET", "welcome"): ("/welcome/", SIGNED_IN),
    # Personal settings
    ("GET", "preferences"): ("/settings/", SIGNED_IN),
    ("POST", "preferences"): ("/settings/", SIGNED_IN),  # the form again, with its errors
    ("GET", "notifications"): ("/notifications/", (204, 200, 200, 200, 200, 200)),
    ("GET", "set_theme"): ("/theme/", NOT_BY_GET),
    ("POST", "set_theme"): ("/theme/", (400,) * 6),
    ("GET", "set_view"): ("/view/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "set_view"): ("/view/", (DOOR, 400, 400, 400, 400, 400)),
    ("GET", "set_language"): ("/language/", (302,) * 6),
    ("POST", "set_language"): ("/language/", (302,) * 6),
    # One's own account
    ("GET", "account_login"): ("/sign-in/", IN_ALREADY),  # what allauth calls sign_in
    ("POST", "account_login"): ("/sign-in/", IN_ALREADY),
    ("GET", "account_change_password"): ("/password/", SIGNED_IN),
    ("POST", "account_change_password"): ("/password/", SIGNED_IN),
    ("GET", "account_set_password"): ("/account/password/set/", PROVE),  # they have one
    ("POST", "account_set_password"): ("/account/password/set/", PROVE),
    ("GET", "account_reset_password"): ("/account/reset/", ALL_OF_THEM),
    ("POST", "account_reset_password"): ("/account/reset/", ALL_OF_THEM),
    ("GET", "account_reset_password_done"): ("/account/reset/sent/", ALL_OF_THEM),
    ("GET", "account_reset_password_from_key_done"): ("/account/reset/done/", ALL_OF_THEM),
    ("GET", "account_reset_password_from_key"): ("/account/reset/{reset}/", ALL_OF_THEM),
    ("POST", "account_reset_password_from_key"): ("/account/reset/{reset}/", ALL_OF_THEM),
    ("GET", "account_reauthenticate"): ("/account/again/", SIGNED_IN),
    ("POST", "account_reauthenticate"): ("/account/again/", SIGNED_IN),
    ("GET", "mfa_reauthenticate"): ("/account/again/code/", PROVE),  # by password, for they
    ("POST", "mfa_reauthenticate"): ("/account/again/code/", PROVE),  # have nothing else
    ("GET", "mfa_reauthenticate_webauthn"): ("/account/again/passkey/", PROVE),
    ("POST", "mfa_reauthenticate_webauthn"): ("/account/again/passkey/", PROVE),
    ("GET", "mfa_index"): ("/account/", SIGNED_IN),
    ("GET", "mfa_authenticate"): ("/account/code/", (DOOR, 302, 302, 302, 302, 302)),
    ("POST", "mfa_authenticate"): ("/account/code/", (DOOR, 302, 302, 302, 302, 302)),
    ("GET", "mfa_activate_totp"): ("/account/app/", PROVE),
    ("POST", "mfa_activate_totp"): ("/account/app/", PROVE),
    ("GET", "mfa_deactivate_totp"): ("/account/app/remove/", NONE_YET),
    ("POST", "mfa_deactivate_totp"): ("/account/app/remove/", NONE_YET),
    ("GET", "mfa_view_recovery_codes"): ("/account/recovery-codes/", NONE_YET),
    ("GET", "mfa_generate_recovery_codes"): ("/account/recovery-codes/new/", PROVE),
    ("POST", "mfa_generate_recovery_codes"): ("/account/recovery-codes/new/", PROVE),
    ("GET", "mfa_download_recovery_codes"): ("/account/recovery-codes/download/", NONE_YET),
    ("POST", "mfa_download_recovery_codes"): ("/account/recovery-codes/download/", NONE_YET),
    ("GET", "mfa_list_webauthn"): ("/account/passkeys/", PROVE),  # on the page of them all
    ("POST", "mfa_list_webauthn"): ("/account/passkeys/", PROVE),
    ("GET", "mfa_login_webauthn"): ("/account/passkeys/sign-in/", PROVE),
    ("POST", "mfa_login_webauthn"): ("/account/passkeys/sign-in/", PROVE),
    ("GET", "mfa_add_webauthn"): ("/account/passkeys/add/", PROVE),
    ("POST", "mfa_add_webauthn"): ("/account/passkeys/add/", PROVE),
    ("GET", "mfa_edit_webauthn"): ("/account/passkeys/1/name/", PROVE),
    ("POST", "mfa_edit_webauthn"): ("/account/passkeys/1/name/", PROVE),
    ("GET", "mfa_remove_webauthn"): ("/account/passkeys/1/remove/", PROVE),
    ("POST", "mfa_remove_webauthn"): ("/account/passkeys/1/remove/", PROVE),
    ("GET", "usersessions_list"): ("/account/sessions/", SIGNED_IN),
    ("POST", "usersessions_list"): ("/account/sessions/", (DOOR, 302, 302, 302, 302, 302)),
    ("GET", "api_tokens"): ("/account/tokens/", SIGNED_IN),
    ("POST", "api_tokens"): ("/account/tokens/", SIGNED_IN),  # the form again, with its errors
    ("GET", "connect"): ("/connect/", SIGNED_IN),
    ("POST", "connect"): ("/connect/", SIGNED_IN),  # the form again, with its errors
    ("GET", "first_call"): ("/connect/{token}/first-call/", NONE_YET),  # own tokens only
    ("GET", "revoke_api_token"): (
        "/account/tokens/{token}/revoke/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "revoke_api_token"): (
        "/account/tokens/{token}/revoke/",
        (DOOR, 404, 404, 404, 302, 302),
    ),
    # Saved files
    ("GET", "video"): ("/tasks/{task}/video", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "last_frame"): ("/tasks/{task}/last-frame", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "poster"): ("/tasks/{task}/poster", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "kept_poster"): ("/tasks/{task}/poster/{poster}", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "sprite"): ("/tasks/{task}/sprite/{sprite}", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "proxy"): ("/tasks/{task}/proxy/{proxy}", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "download"): ("/tasks/download.zip", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "download"): ("/tasks/download.zip?task={task}", (DOOR, 404, 200, 200, 200, 200)),
    # Stars, the trash, who did what
    ("GET", "star"): ("/tasks/{task}/star", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "star"): ("/tasks/{task}/star", (DOOR, 404, 302, 302, 302, 302)),
    ("GET", "delete_tasks"): ("/tasks/delete/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "delete_tasks"): ("/tasks/delete/?", (DOOR, 404, 404, 404, 404, 404)),  # of nothing
    ("GET", "delete_video"): ("/tasks/{task}/video/delete/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "delete_video"): (
        "/tasks/{task}/video/delete/",
        (DOOR, 404, 404, 404, 302, 404),  # the manager was before staff
    ),
    ("GET", "trash"): ("/trash/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "trash_poster"): ("/trash/{task}/poster", NONE_YET),  # it is not deleted
    ("GET", "restore"): ("/trash/restore/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "restore"): ("/trash/restore/", (DOOR, 404, 404, 404, 404, 404)),  # of nothing
    ("GET", "delete_for_good"): ("/trash/delete-for-good/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "delete_for_good"): ("/trash/delete-for-good/", (DOOR, 404, 404, 404, 404, 404)),
    ("GET", "audit"): ("/audit/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "export_audit"): ("/audit/export.csv", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "export_audit"): ("/audit/export.csv", (DOOR, 403, 403, 403, 200, 200)),
    # The archive
    ("GET", "archive"): ("/archive/", SIGNED_IN),
    ("GET", "save_now"): ("/archive/save-now/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "save_now"): ("/archive/save-now/?", (DOOR, 404, 404, 404, 404, 404)),  # of nothing
    ("GET", "header_status"): ("/header-status/", SIGNED_IN),
    # Making
    ("GET", "compose"): ("/tasks/new/", (DOOR, 200, 403, 200, 200, 200)),
    ("POST", "compose"): ("/tasks/new/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "compose_placed"): (
        "/tasks/new/7b0f6f0e-6f0b-4a3c-9d5e-0a1b2c3d4e5f/",
        (DOOR, 204, 403, 204, 204, 204),
    ),
    ("GET", "compose_preview"): ("/tasks/new/preview/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "compose_preview"): ("/tasks/new/preview/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "save_prompt"): ("/tasks/new/prompts/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "save_prompt"): ("/tasks/new/prompts/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "saved_prompts"): ("/prompts/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "saved_prompt"): ("/prompts/{prompt}/", (DOOR, 404, 404, 404, 200, 200)),  # not its own
    ("POST", "saved_prompt"): ("/prompts/{prompt}/", (DOOR, 404, 404, 404, 200, 200)),
    ("GET", "delete_prompt"): ("/prompts/{prompt}/delete/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "delete_prompt"): (  # when staff come, the manager has done it
        "/prompts/{prompt}/delete/",
        (DOOR, 404, 404, 404, 302, 404),
    ),
    ("GET", "it_exists"): ("/tasks/{task}/exists/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "it_exists"): ("/tasks/{task}/exists/", (DOOR, 404, 404, 404, 404, 404)),  # it is not
    ("GET", "cancel"): ("/tasks/{task}/cancel/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "cancel"): ("/tasks/{task}/cancel/", (DOOR, 404, 404, 404, 302, 302)),  # not its own
    ("GET", "send_again"): ("/tasks/{task}/again/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "send_again"): ("/tasks/{task}/again/", (DOOR, 404, 404, 404, 404, 404)),  # … lost
    ("GET", "run_again"): ("/tasks/{task}/run-again/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "run_again"): ("/tasks/{task}/run-again/", NONE_YET),  # made elsewhere
    ("GET", "continue_from"): ("/tasks/{task}/continue/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "continue_from"): ("/tasks/{task}/continue/", (DOOR, 404, 404, 302, 302, 302)),
    ("GET", "batch"): ("/batches/{batch}/", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "retry_lookup"): ("/tasks/{task}/lookup/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "retry_lookup"): (
        "/tasks/{task}/lookup/",
        (DOOR, 404, 404, 404, 404, 404),
    ),  # not lost
    # Tracking
    ("GET", "track"): ("/tasks/track/", (DOOR, 200, 403, 200, 200, 200)),
    ("POST", "track"): ("/tasks/track/", (DOOR, 200, 403, 200, 200, 200)),
    # People: for whoever manages some project; a stranger to this one is a member of another
    ("GET", "people"): ("/people/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "invite"): ("/people/invite/", (DOOR, 302, 302, 302, 302, 302)),  # to the page
    ("POST", "invite"): ("/people/invite/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "invite_again"): (
        "/people/invitations/{invitation}/again/",
        (DOOR, 302, 302, 302, 302, 302),
    ),
    ("POST", "invite_again"): (
        "/people/invitations/{invitation}/again/",
        (DOOR, 404, 404, 404, 200, 200),
    ),
    ("GET", "withdraw_invitation"): (
        "/people/invitations/{invitation}/withdraw/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "withdraw_invitation"): (
        "/people/invitations/{invitation}/withdraw/",
        (DOOR, 404, 404, 404, 302, 302),
    ),
    ("GET", "project_tokens"): ("/people/tokens/", (DOOR, 403, 403, 403, 200, 200)),
    ("POST", "project_tokens"): ("/people/tokens/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "make_service"): ("/people/services/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "make_service"): ("/people/services/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "person_role"): ("/people/{person}/role/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "person_role"): ("/people/{person}/role/", (DOOR, 404, 404, 404, 400, 400)),
    ("GET", "remove_person"): ("/people/{person}/remove/", (DOOR, 404, 404, 404, 200, 200)),
    ("POST", "remove_person"): (  # when staff come, the manager has done it
        "/people/{person}/remove/",
        (DOOR, 404, 404, 404, 302, 404),
    ),
    ("GET", "create_project"): ("/people/projects/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "create_project"): ("/people/projects/", (DOOR, 403, 403, 403, 403, 200)),
    ("GET", "rename_project"): (
        "/people/projects/{project}/name/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "rename_project"): (
        "/people/projects/{project}/name/",
        (DOOR, 403, 403, 403, 403, 200),
    ),
    ("GET", "viewer_details"): (
        "/people/projects/{project}/viewers/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "viewer_details"): (
        "/people/projects/{project}/viewers/",
        (DOOR, 404, 404, 404, 302, 302),
    ),
    ("GET", "join"): ("/join/nonsense/", (410,) * 6),
    ("POST", "join"): ("/join/nonsense/", (410,) * 6),
    # Credentials
    ("GET", "credentials"): ("/credentials/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "credential_add"): ("/credentials/add/", (DOOR, 403, 403, 403, 200, 200)),
    ("POST", "credential_add"): ("/credentials/add/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "credential"): ("/credentials/{credential}/", (DOOR, 403, 403, 403, 200, 200)),
    ("POST", "credential"): ("/credentials/{credential}/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "credential_test"): (
        "/credentials/{credential}/test/",
        (DOOR, 403, 403, 403, 200, 200),
    ),
    ("POST", "credential_test"): (
        "/credentials/{credential}/test/",
        (DOOR, 403, 403, 403, 302, 302),
    ),
    ("GET", "credential_models"): (
        "/credentials/{credential}/models/",
        (DOOR, 403, 403, 403, 200, 200),
    ),
    ("POST", "credential_models"): (
        "/credentials/{credential}/models/",
        (DOOR, 403, 403, 403, 302, 302),
    ),
    ("GET", "credential_pause"): (
        "/credentials/{credential}/pause/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "credential_pause"): (
        "/credentials/{credential}/pause/",
        (DOOR, 403, 403, 403, 302, 302),
    ),
    ("GET", "credential_key"): ("/credentials/{credential}/key/", (DOOR, 403, 403, 403, 302, 302)),
    ("POST", "credential_key"): ("/credentials/{credential}/key/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "credential_remove"): (
        "/credentials/{credential}/remove/",
        (DOOR, 403, 403, 403, 200, 200),
    ),
    ("POST", "credential_remove"): (
        "/credentials/{credential}/remove/",
        (DOOR, 403, 403, 403, 200, 200),
    ),
    # Money
    ("GET", "costs"): ("/costs/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "cost_failures"): ("/costs/failures/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "cost_differences"): ("/costs/differences/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "cost_charges"): ("/costs/charges/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "export_costs"): ("/costs/export.csv", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "export_costs"): ("/costs/export.csv", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "export_charges"): ("/costs/charges/export.csv", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "export_charges"): ("/costs/charges/export.csv", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "bills"): ("/costs/bills/", (DOOR, 403, 403, 403, 403, 200)),
    ("POST", "bills"): ("/costs/bills/", (DOOR, 403, 403, 403, 403, 200)),  # of nothing
    ("GET", "bill"): ("/costs/bills/{bill}/", (DOOR, 403, 403, 403, 403, 200)),
    ("GET", "bill_state"): ("/costs/bills/{bill}/state/", (DOOR, 403, 403, 403, 403, 200)),
    **{
        ("GET", f"bill_{act}"): (f"/costs/bills/{{bill}}/{path}", (DOOR, *NOT_BY_GET[1:]))
        for act, path in BILL_ACTS.items()
    },
    ("POST", "bill_columns"): ("/costs/bills/{bill}/columns/", (DOOR, 403, 403, 403, 403, 200)),
    ("POST", "bill_compare"): ("/costs/bills/{bill}/compare/", (DOOR, 403, 403, 403, 403, 302)),
    ("POST", "bill_adopt"): ("/costs/bills/{bill}/adopt/", (DOOR, 403, 403, 403, 403, 302)),
    ("POST", "bill_export"): ("/costs/bills/{bill}/export.csv", (DOOR, 403, 403, 403, 403, 200)),
    ("POST", "bill_remove"): ("/costs/bills/{bill}/remove/", (DOOR, 403, 403, 403, 403, 302)),
    ("GET", "exports"): ("/costs/exports/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "export_progress"): ("/costs/exports/progress/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "ask_for_sums"): ("/costs/exports/sums/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "ask_for_sums"): ("/costs/exports/sums/", (DOOR, 302, 403, 302, 302, 302)),
    ("GET", "ask_for_takes"): ("/costs/exports/takes/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "ask_for_takes"): ("/costs/exports/takes/", (DOOR, 302, 403, 302, 302, 302)),
    ("GET", "export_file"): ("/costs/exports/{export}/file", (DOOR, 404, 404, 404, 200, 404)),
    ("GET", "delete_export"): ("/costs/exports/{export}/delete/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "delete_export"): (  # the manager's own
        "/costs/exports/{export}/delete/",
        (DOOR, 404, 404, 404, 302, 404),
    ),
    ("GET", "statement"): (
        "/costs/statement/{project}/2026-11/",
        (DOOR, 404, 404, 200, 200, 200),
    ),
    ("GET", "budgets"): ("/budgets/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "budget"): ("/budgets/{project}/", (DOOR, 404, 403, 200, 200, 200)),
    ("POST", "budget"): ("/budgets/{project}/", (DOOR, 404, 403, 403, 200, 200)),
    ("GET", "budget_add"): ("/budgets/{project}/add/", (DOOR, 404, 404, 404, 200, 200)),
    ("POST", "budget_add"): ("/budgets/{project}/add/", (DOOR, 404, 404, 404, 200, 200)),
    ("GET", "site_budgets"): ("/budgets/site/", (DOOR, 403, 403, 403, 403, 200)),
    ("GET", "person_budget_add"): ("/budgets/people/add/", (DOOR, 403, 403, 403, 403, 200)),
    ("POST", "person_budget_add"): ("/budgets/people/add/", (DOOR, 403, 403, 403, 403, 200)),
    ("GET", "credential_budget_add"): (
        "/budgets/credentials/add/",
        (DOOR, 403, 403, 403, 403, 200),
    ),
    ("POST", "credential_budget_add"): (
        "/budgets/credentials/add/",
        (DOOR, 403, 403, 403, 403, 200),
    ),
    ("GET", "budget_change"): ("/budgets/limits/{budget}/", (DOOR, 404, 404, 404, 200, 200)),
    ("POST", "budget_change"): ("/budgets/limits/{budget}/", (DOOR, 404, 404, 404, 200, 200)),
    ("GET", "budget_remove"): ("/budgets/limits/{budget}/remove/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "budget_remove"): (  # when staff come, the manager has done it
        "/budgets/limits/{budget}/remove/",
        (DOOR, 404, 404, 404, 302, 404),
    ),
    ("GET", "prices"): ("/credentials/{credential}/prices/", (DOOR, 403, 403, 403, 200, 200)),
    ("POST", "prices"): ("/credentials/{credential}/prices/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "prices_documented"): (
        "/credentials/{credential}/prices/documented/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "prices_documented"): (
        "/credentials/{credential}/prices/documented/",
        (DOOR, 403, 403, 403, 302, 302),
    ),
    ("GET", "price"): ("/prices/{price}/", (DOOR, 403, 403, 403, 200, 200)),
    ("POST", "price"): ("/prices/{price}/", (DOOR, 403, 403, 403, 200, 200)),
    # Made elsewhere
    ("GET", "untracked"): ("/untracked/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "untracked_state"): ("/untracked/{credential}/", (DOOR, 404, 404, 404, 200, 200)),
    ("GET", "untracked_compare"): (
        "/untracked/{credential}/compare/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "untracked_compare"): (
        "/untracked/{credential}/compare/",
        (DOOR, 404, 404, 404, 302, 302),
    ),
    ("GET", "untracked_adopt"): ("/untracked/{credential}/adopt/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "untracked_adopt"): (
        "/untracked/{credential}/adopt/",
        (DOOR, 404, 404, 404, 302, 302),
    ),
    # Addresses of earlier releases: the new one says who may
    ("GET", "moved_found"): ("/found/{credential}/", MOVED),
    ("POST", "moved_found"): ("/found/{credential}/adopt/", MOVED),
    ("GET", "moved_pulse"): ("/pulse/", MOVED),
    ("POST", "moved_pulse"): ("/pulse/", MOVED),
    ("GET", "moved_endings"): ("/endings/", MOVED),
    ("POST", "moved_endings"): ("/endings/", MOVED),
    ("GET", "moved_preview"): ("/tasks/new/look/", MOVED),
    ("POST", "moved_preview"): ("/tasks/new/look/", MOVED),
    ("GET", "moved_look"): ("/tasks/{task}/look/", MOVED),
    ("POST", "moved_look"): ("/tasks/{task}/look/", MOVED),
    ("GET", "moved_once_more"): ("/tasks/{task}/once-more/", MOVED),
    ("POST", "moved_once_more"): ("/tasks/{task}/once-more/", MOVED),
    ("GET", "moved_go_on"): ("/tasks/{task}/go-on/", MOVED),
    ("POST", "moved_go_on"): ("/tasks/{task}/go-on/", MOVED),
    # Files that are given
    ("GET", "compose_upload"): ("/tasks/new/upload/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "compose_upload"): (
        "/tasks/new/upload/",
        (DOOR, 400, 403, 400, 400, 400),
    ),  # of nothing
    ("GET", "upload"): ("/uploads/{upload}", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "upload_picture"): (
        "/uploads/{sound}/picture/{waveform}",
        (DOOR, 404, 200, 200, 200, 200),
    ),
    ("GET", "shared"): ("/shared/{shared}", ALL_OF_THEM),  # whoever has the link, for a day
    # The Django admin; test_access_looking.py walks all its other pages
    ("GET", "admin/login/"): ("/admin/login/", (DOOR, 403, 403, 403, 403, 302)),
    ("POST", "admin/login/"): ("/admin/login/", NOT_BY_GET),
}
GET_ONLY = {
    "first_call",
    "design",
    "batch",
    "bill",
    "bill_state",
    "compose_placed",
    "saved_prompts",
    "budgets",
    "costs",
    "cost_charges",
    "cost_differences",
    "cost_failures",
    "exports",
    "export_progress",
    "export_file",
    "statement",
    "site_budgets",
    "credentials",
    "tasks",
    "task",
    "live",
    "notifications",
    "untracked",
    "untracked_state",
    "healthz",
    "readyz",
    "statusz",
    "archive",
    "people",
    "header_status",
    "trash",
    "trash_poster",
    "audit",
    "shared",
    "upload",
    "upload_picture",
    "welcome",
    "video",
    "last_frame",
    "poster",
    "kept_poster",
    "sprite",
    "proxy",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "mfa_index",
    "mfa_view_recovery_codes",
}  # a POST is refused, see below

#: The neighbour's cells where they are not the stranger's: pages of managers, and rows of others.
NEIGHBOUR: dict[tuple[str, str], int] = {
    **{("GET", route): 200 for route in ("audit", "people", "project_tokens", "untracked")},
    **{
        ("POST", route): 200
        for route in ("export_audit", "invite", "project_tokens", "make_service")
    },
    ("GET", "credentials"): 200,
    **{(method, "credential_add"): 200 for method in ("GET", "POST")},
    **{
        (method, route): 404
        for (method, route), (address, cells) in EXPECTED.items()
        if route.startswith(("credential", "price")) and "{" in address and 405 not in cells
    },
}


def expected_of(method: str, route: str) -> tuple[int | str, ...]:
    """The expected answers to WHO, then to ALSO; the clerk's are those of all staff."""
    _address, cells = EXPECTED[method, route]
    stranger, staff = cells[WHO.index("stranger")], cells[WHO.index("staff")]
    return (*cells, NEIGHBOUR.get((method, route), stranger), staff)


#: Routes that answer HEAD as they answer GET; all others refuse it.
ANSWER_HEAD = {"healthz", "readyz", "statusz", "sign_in", "password", "set_language"}
ANSWER_HEAD |= {"video", "last_frame", "poster", "kept_poster", "sprite", "upload", "shared"}
ANSWER_HEAD |= {"proxy", "export_file", "upload_picture", "trash_poster", "usersessions_list"}
ANSWER_HEAD |= {"api_file", "api_nothing", "gateway_nothing"}
#: Views of allauth's, and redirects, which answer HEAD, and other methods as GET or POST.
LENIENT = ("account_", "mfa_", "moved_")
#: Our own views that do.
ANSWER_ANY = {"api_nothing", "ark_task", "sign_in", "password", "set_language", "usersessions_list"}
ANSWER_ANY |= {"gateway_nothing", "openai_video"}


def test_every_address_has_a_row_in_the_table(db: None) -> None:
    own = {name for route, name in routes() if not route.startswith("admin/")}
    assert own <= {name for _, name in EXPECTED}, "add a row to EXPECTED for the new address"
    gets = {name for method, name in EXPECTED if method == "GET"}
    posts = {name for method, name in EXPECTED if method == "POST"}
    assert gets - posts == GET_ONLY, "a new address needs a row for POST, or to be in GET_ONLY"


@pytest.mark.exhaustive
def test_everyone_gets_what_the_table_says(people: list[User], world: dict[str, int]) -> None:
    keys, wrong, writes = sessions(people), {}, {}
    for (method, route), (address, _cells) in EXPECTED.items():
        expected = expected_of(method, route)
        with undone(), written() as statements:
            got = tuple(seen(each, method, address.format(**world)) for each in everyone(keys))
        if got != expected:
            wrong[method, route] = {"got": got, "expected": expected}
        if method == "GET" and statements:
            writes[address] = statements
    assert wrong == {}, (*WHO, *ALSO)
    assert writes == {}, "Looking at these addresses writes."


@pytest.mark.exhaustive
def test_head_is_answered_like_get_or_refused(
    stranger: User, viewer: User, staff: User, world: dict[str, int]
) -> None:
    keys, wrong = sessions([stranger, viewer, staff]), {}
    columns = [WHO.index(who) for who in ("anonymous", "stranger", "viewer", "staff")]
    for route in dict.fromkeys(route for _method, route in EXPECTED):
        address, cells = EXPECTED["GET", route]
        expected = [405 if number or cells[0] != DOOR else DOOR for number in range(4)]
        if route in ("welcome", "admin/login/"):  # which look at the method first
            expected = [405] * 4
        if route in ANSWER_HEAD or route.startswith(LENIENT):
            expected = [cells[column] for column in columns]
        with undone(), written() as statements:
            got = [seen(each, "HEAD", address.format(**world)) for each in everyone(keys)]
        if got != expected or statements:
            wrong[route] = {"got": got, "expected": expected, "written": statements}
    assert wrong == {}


@pytest.mark.exhaustive
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_and_change_nothing(
    method: str, staff: User, world: dict[str, int]
) -> None:
    """The two who stand for everybody are nobody and staff, who may do everything."""
    keys, wrong = sessions([staff]), {}
    for route in dict.fromkeys(route for _method, route in EXPECTED):
        address, (anonymous, *_others) = EXPECTED["GET", route]
        expected: list[set[int | str]] = [{anonymous if anonymous == DOOR else 405, 405}, {405}]
        if route in ANSWER_ANY or route.startswith(LENIENT):
            rows = [expected_of(get, route) for get in ("GET", "POST") if (get, route) in EXPECTED]
            for row in rows:
                expected[0].add(row[0])
                expected[1].add(row[WHO.index("staff")])
        with undone(), written() as statements:
            got = [seen(each, method, address.format(**world)) for each in everyone(keys)]
        if statements or not all(map(set.__contains__, expected, got)):
            wrong[route] = {"got": got, "expected": expected, "written": statements}
    assert wrong == {}


@pytest.mark.exhaustive
def test_what_is_only_read_takes_no_post(people: list[User], world: dict[str, int]) -> None:
    keys = sessions(people)
    for route in GET_ONLY:
        address, _ = EXPECTED["GET", route]
        with undone():
            anonymous, *others = (
                seen(each, "POST", address.format(**world)) for each in everyone(keys)
            )
        assert anonymous in (DOOR, 405), route
        assert others == [405] * len(people), route


@pytest.mark.exhaustive
def test_no_token_opens_a_page(
    project: Project, member: User, stranger: User, world: dict[str, Any]
) -> None:
    """A token of whatever scope, and of whomever, is answered as nobody is."""
    texts, wrong = texts_of_every_kind(project, member, stranger), {}
    for (method, route), (address, (anonymous, *_others)) in EXPECTED.items():
        if address.startswith(API_PATHS):
            continue
        with undone():
            for kind, text in texts.items():
                client = Client(headers=bearer(text))
                got = seen(client, method, address.format(**world))
                if got != anonymous:
                    wrong[method, route, kind] = got
    assert wrong == {}


@contextmanager
def undone() -> Iterator[None]:
    """Undo what one row of the table did, so that the next finds the world as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def written() -> Iterator[list[str]]:
    """Statements that change rows, except the cache's and the time a person was last seen at.

    That time is written on purpose (tasks/team/preferences.py).
    """
    statements: list[str] = []

    def note(execute: Any, sql: str, *others: Any) -> Any:
        is_seen = "tasks_profile" in sql and "seen_at" in sql
        if CHANGES_ROWS.match(sql) and not is_seen and "tasks_cache" not in sql:
            statements.append(sql)
        return execute(sql, *others)

    with connection.execute_wrapper(note):
        yield statements


def sessions(people: list[User]) -> list[str]:
    """The session cookie of each person, "" for nobody; signing in anew for each row is slow."""
    clients = [client for _, client in browsers(people)]
    return [
        client.cookies[SESSION].value if SESSION in client.cookies else "" for client in clients
    ]


def everyone(keys: list[str]) -> Iterator[Client]:
    """New browsers, one after the other, because signing out takes a cookie away."""
    for key in keys:
        client = Client()
        if key:
            client.cookies[SESSION] = key
        yield client
