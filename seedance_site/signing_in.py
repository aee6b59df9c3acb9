"""Settings of django-allauth: who gets in, and how often they may try.

DAILIES_EMAIL             smtp://user:password@mail.example.com:587 (STARTTLS), smtps://…:465 (TLS);
                          with it, passwords are reset and invitations sent by e-mail
DAILIES_EMAIL_FROM        Dailies <dailies@example.com>
DAILIES_OIDC_URL          https://id.example.com/realms/team: sign-in through OpenID Connect
DAILIES_OIDC_ID           with DAILIES_OIDC_SECRET, what that server knows this site by
DAILIES_OIDC_NAME         what the button says (default: Single sign-on)
DAILIES_FEISHU_ID         with DAILIES_FEISHU_SECRET: sign-in through Feishu
DAILIES_DINGTALK_ID       with DAILIES_DINGTALK_SECRET: sign-in through DingTalk

The last three need the extra "sso". docs/operations.md tells more of each.
"""

from importlib.util import find_spec
from typing import Any

from seedance_site import environment
from seedance_site.environment import env

# E-mail

_server = environment.mail_server("DAILIES_EMAIL")
EMAIL_SET = bool(_server)
# A letter's link must name the site, and a request's Host is whatever its sender wrote.
EMAIL_READY = bool(_server and environment.origin("DAILIES_PUBLIC_URL"))
if _server:
    EMAIL_HOST, EMAIL_PORT = _server.host, _server.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _server.user, _server.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = _server.is_tls, _server.starts_tls
EMAIL_TIMEOUT = 10  # seconds, for a page waits for it
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("DAILIES_EMAIL_FROM") or "dailies@localhost"

# Single sign-on: what an administrator has set, as allauth wants it

SSO_WANTED = [name for name in ("OIDC", "FEISHU", "DINGTALK") if env(f"DAILIES_{name}_ID")]
SSO_SECRETS = {name: bool(env(f"DAILIES_{name}_SECRET")) for name in SSO_WANTED}
SSO_INSTALLED = all(map(find_spec, ("requests", "oauthlib", "jwt")))
SSO = SSO_WANTED if SSO_INSTALLED else []


def _app(service: str, **more: Any) -> dict[str, Any]:
    known = {"client_id": env(f"DAILIES_{service}_ID"), "secret": env(f"DAILIES_{service}_SECRET")}
    return {"APPS": [known | more]}


SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {}
OIDC_URL = environment.origin("DAILIES_OIDC_URL")
if "OIDC" in SSO:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = _app(
        "OIDC",
        provider_id="oidc",
        name=env("DAILIES_OIDC_NAME") or "Single sign-on",
        settings={"server_url": OIDC_URL},
    ) | {"OAUTH_PKCE_ENABLED": True}
if "FEISHU" in SSO:
    SOCIALACCOUNT_PROVIDERS["feishu"] = _app("FEISHU", name="Feishu")
if "DINGTALK" in SSO:
    SOCIALACCOUNT_PROVIDERS["dingtalk"] = _app("DINGTALK", name="DingTalk")

SIGN_IN_APPS = [
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    *(["allauth.socialaccount"] if SSO else []),
    *(f"allauth.socialaccount.providers.{name}" for name in SOCIALACCOUNT_PROVIDERS),
]
SOCIALACCOUNT_ADAPTER = "tasks.sso.Adapter"
# Whose e-mail the other side has verified is who has the account with it; allauth then takes that
# account's password and other sessions away, for somebody else may have typed the address.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False

# Accounts are made by the first link, by invitations and by staff: nothing here makes one.

ACCOUNT_ADAPTER = "tasks.door.adapters.AccountAdapter"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if environment.flag("DAILIES_HTTPS") else "http"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no letters to strangers
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Dailies] "
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds
PASSWORD_RESET_TIMEOUT = 3600  # seconds

# Counted in the cache, which all processes share. An address may be a whole office's.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "50/15m/ip,10/15m/key",
    "change_password": "10/15m/user",
    "reauthenticate": "20/15m/user",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
}
ACCOUNT_FORMS = {
    "login": "tasks.forms.door.SignInForm",
    "change_password": "tasks.forms.door.PasswordForm",
    "set_password": "tasks.forms.door.FirstPasswordForm",
    "reset_password": "tasks.forms.door.ResetForm",
    "reset_password_from_key": "tasks.forms.door.NewPasswordForm",
    "reauthenticate": "tasks.forms.door.PasswordAgainForm",
}

# Second factors

MFA_ADAPTER = "tasks.door.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_TOTP_ISSUER = "Dailies"
MFA_TOTP_TOLERANCE = 1  # periods of 30 s: telephones' clocks differ; a code works once nevertheless
MFA_FORMS = {
    "authenticate": "tasks.forms.door.CodeForm",
    "reauthenticate": "tasks.forms.door.CodeAgainForm",
    "activate_totp": "tasks.forms.door.ActivateAppForm",
    "add_webauthn": "tasks.forms.door.AddPasskeyForm",
    "edit_webauthn": "tasks.forms.door.NamePasskeyForm",
}
USERSESSIONS_ADAPTER = "tasks.door.adapters.SessionsAdapter"
