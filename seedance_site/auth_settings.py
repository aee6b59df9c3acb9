"""Settings of django-allauth: ways to sign in, and limits of attempts.

DAILIES_EMAIL             smtp://user:password@mail.example.com:587 (STARTTLS), smtps://…:465 (TLS);
                          with it, passwords are reset and invitations sent by e-mail
DAILIES_EMAIL_FROM        Dailies <dailies@example.com>
DAILIES_OIDC_URL          https://id.example.com/realms/team: sign-in through OpenID Connect
DAILIES_OIDC_ID           with DAILIES_OIDC_SECRET, the id of this site at that server
DAILIES_OIDC_NAME         label of the button (default: Single sign-on)
DAILIES_FEISHU_ID         with DAILIES_FEISHU_SECRET: sign-in through Feishu
DAILIES_DINGTALK_ID       with DAILIES_DINGTALK_SECRET: sign-in through DingTalk

The last three need the extra "sso". docs/operations.md describes each.
"""

from importlib.util import find_spec
from typing import Any

from seedance_site import environment
from seedance_site.environment import env

# E-mail

_server = environment.mail_server("DAILIES_EMAIL")
EMAIL_SET = bool(_server)
# A link in a letter needs the site's name, and the Host of a request can be forged.
EMAIL_READY = bool(_server and environment.origin("DAILIES_PUBLIC_URL"))
if _server:
    EMAIL_HOST, EMAIL_PORT = _server.host, _server.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _server.user, _server.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = _server.is_tls, _server.starts_tls
EMAIL_TIMEOUT = 10  # seconds, as the page that invites waits for it
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("DAILIES_EMAIL_FROM") or "dailies@localhost"

# Single sign-on: the environment's values in the form that allauth needs

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
SOCIALACCOUNT_ADAPTER = "tasks.team.signin.sso.Adapter"
# A person whose e-mail the other side has verified gets the account with that e-mail. allauth then
# removes the account's password and other sessions, as somebody else may have typed the address.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False

# Accounts are created by the first link, by invitations and by staff, never by signing up.

ACCOUNT_ADAPTER = "tasks.team.signin.adapters.AccountAdapter"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if environment.flag("DAILIES_HTTPS") else "http"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no letters to strangers
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Dailies] "
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds
PASSWORD_RESET_TIMEOUT = 3600  # seconds
# allauth's own generator writes the account's e-mail into a table of addresses whenever a link is
# checked, also a made-up one. Django's reads only the account, e-mail included.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"

# Counted in the cache, which all processes share. A whole office may have one address.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "50/15m/ip,10/15m/key",
    "change_password": "10/15m/user",
    "reauthenticate": "20/15m/user",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
}
ACCOUNT_FORMS = {
    "login": "tasks.web.forms.signin.SignInForm",
    "change_password": "tasks.web.forms.signin.PasswordForm",
    "set_password": "tasks.web.forms.signin.FirstPasswordForm",
    "reset_password": "tasks.web.forms.signin.ResetForm",
    "reset_password_from_key": "tasks.web.forms.signin.NewPasswordForm",
    "reauthenticate": "tasks.web.forms.signin.PasswordAgainForm",
}

# Second factors

MFA_ADAPTER = "tasks.team.signin.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up here, so no address was typed by a stranger
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_TOTP_ISSUER = "Dailies"
MFA_TOTP_TOLERANCE = 1  # periods of 30 s, as clocks of phones differ; a code still works only once
MFA_FORMS = {
    "authenticate": "tasks.web.forms.signin.CodeForm",
    "reauthenticate": "tasks.web.forms.signin.CodeAgainForm",
    "activate_totp": "tasks.web.forms.signin.ActivateAppForm",
    "login_webauthn": "tasks.web.forms.passkeys.SignInByPasskeyForm",
    "authenticate_webauthn": "tasks.web.forms.passkeys.PasskeyForm",
    "reauthenticate_webauthn": "tasks.web.forms.passkeys.PasskeyAgainForm",
    "add_webauthn": "tasks.web.forms.passkeys.AddPasskeyForm",
    "edit_webauthn": "tasks.web.forms.passkeys.NamePasskeyForm",
}
USERSESSIONS_ADAPTER = "tasks.team.signin.adapters.SessionsAdapter"
