"""A small OpenID provider over real HTTP: discovery, authorisation, tokens, user info, keys."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "dailies", "a secret of the tests"


class Provider(ThreadingHTTPServer):
    """An OpenID provider that signs everybody in as `identity`, without a question."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.identity: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Provider:
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self.server_close()

    # Answers

    def configuration(self) -> dict[str, Any]:
        places = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        paths = ("authorize", "token", "userinfo", "jwks")
        named = {place: f"{self.url}/{path}" for place, path in zip(places, paths, strict=True)}
        methods = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        return {"issuer": self.url, **named, **methods}

    def authorize(self, fields: dict[str, str]) -> str:
        """The address to redirect the browser to, with a new code."""
        assert (fields["client_id"], fields["response_type"]) == (CLIENT, "code")
        assert fields["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.codes[code] = fields
        return f"{fields['redirect_uri']}?{urlencode({'code': code, 'state': fields['state']})}"

    def exchange(self, fields: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code that this client received; None if it is unknown or used."""
        asked = self.codes.pop(fields.get("code", ""), None)
        if asked is None or (fields["client_id"], fields["client_secret"]) != (CLIENT, SECRET):
            return None
        hashed = hashlib.sha256(fields["code_verifier"].encode()).digest()
        proof = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        if (proof, fields["redirect_uri"]) != (asked["code_challenge"], asked["redirect_uri"]):
            return None
        token = secrets.token_urlsafe()
        self.tokens[token] = self.identity
        return {"access_token": token, "token_type": "Bearer", "id_token": self._id_token()}

    def _id_token(self) -> str:
        now = int(time.time())
        known = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        return jwt.encode(known | self.identity, self.key, algorithm="RS256", headers={"kid": "1"})

    def jwks(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": "1", "use": "sig", "alg": "RS256"}]}


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/authorize":
            self._answer(302, {}, self.server.authorize(_plain(parts.query)))
        elif parts.path == "/userinfo":
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            found = self.server.tokens.get(token)
            self._answer(200 if found else 401, found or {})
        elif parts.path == "/jwks":
            self._answer(200, self.server.jwks())
        else:
            self._answer(200, self.server.configuration())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        found = self.server.exchange(_plain(body))
        self._answer(200 if found else 400, found or {"error": "invalid_grant"})

    def _answer(self, status: int, fields: dict[str, Any], to: str = "") -> None:
        body = json.dumps(fields).encode()
        self.send_response(status)
        if to:
            self.send_header("Location", to)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Suppress the log in the tests' output."""


def _plain(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
