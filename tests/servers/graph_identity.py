"""The token end point of a pretended Microsoft Entra: client credentials with secret or certificate.

learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import json
from itertools import count
from typing import Any

import jwt
from cryptography import x509
from werkzeug.wrappers import Request, Response

TENANT = "8f7c2a10-0000-4000-8000-000000000001"
CLIENT_ID = "5b1e3d20-0000-4000-8000-000000000002"
CLIENT_SECRET = "hemlig~Q8client"
_SCOPE = "https://graph.microsoft.com/.default"


class IdentityProvider:
    def __init__(self) -> None:
        self.certificate: x509.Certificate | None = None
        self.issued: list[str] = []
        self.revoked: set[str] = set()
        self.requests = 0
        self.discovers = True
        #: status of every answer, for when it is down
        self.status = 200
        self._numbers = count(1)

    def accepts(self, authorization: str) -> bool:
        token = authorization.removeprefix("Bearer ")
        return token in self.issued and token not in self.revoked

    def revoke_all(self) -> None:
        self.revoked.update(self.issued)

    def answer(self, request: Request, path: str, authority_url: str) -> Response:
        if self.status != 200:
            return Response("", self.status)
        if not path.startswith(f"/{TENANT}/"):
            return _json({"error": "invalid_tenant", "error_codes": [90002]}, 400)
        base = f"{authority_url}/{TENANT}"
        if path.endswith("/v2.0/.well-known/openid-configuration"):
            if not self.discovers:
                return Response("", 404)
            return _json(
                {
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                }
            )
        self.requests += 1
        form = request.form
        if form.get("grant_type") != "client_credentials" or form.get("scope") != _SCOPE:
            return _json({"error": "invalid_scope", "error_codes": [70011]}, 400)
        if form.get("client_id") != CLIENT_ID:
            return _json({"error": "unauthorized_client", "error_codes": [700016]}, 400)
        if not self._is_proven(form):
            code = 700027 if "client_assertion" in form else 7000215
            text = f"AADSTS{code}: Invalid credential for {CLIENT_ID}."
            return _json({"error": "invalid_client", "error_description": text, "error_codes": [code]}, 401)
        token = self.token(next(self._numbers))
        self.issued.append(token)
        return _json({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def token(self, number: int) -> str:
        """Opaque to applications, says Microsoft (entra/identity-platform/access-tokens); it is a JWT all the same."""
        return f"eyJ0eXAiOiJKV1QiPLANTED{number}"

    def _is_proven(self, form: Any) -> bool:
        if self.certificate is None:
            return bool(form.get("client_secret") == CLIENT_SECRET)
        try:
            claims = jwt.decode(
                form.get("client_assertion", ""),
                self.certificate.public_key(),  # type: ignore[arg-type]
                algorithms=["PS256", "RS256"],
                options={"verify_aud": False},
            )
        except jwt.InvalidTokenError:
            return False
        return bool(claims["iss"] == CLIENT_ID)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")
