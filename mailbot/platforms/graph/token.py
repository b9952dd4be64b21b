"""Access tokens for the service identity: OAuth 2.0 client credentials through msal, kept in memory only."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from mailbot.errors import MailbotError, PermanentError, TransientError, UserError

#: resources that tokens are made out for; a proxy or test server in front of Graph takes those of the public cloud
_PUBLIC_CLOUD = "https://graph.microsoft.com"
_NATIONAL_CLOUDS = ("graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn")
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
#: a refused identity is left alone for so long
_REFUSED_SECONDS = 300.0
_DISCOVERY = "/.well-known/openid-configuration"
_END_POINTS = {"authorization": "authorize", "token": "token"}
#: what Entra answers that an administrator can act upon (entra/identity-platform/reference-error-codes)
_REMEDIES: Mapping[int, str] = {
    90002: "there is no such tenant; check `tenant`",
    700016: "there is no such application in this tenant; check `client_id` and `tenant`",
    7000215: "the client secret is wrong; make a new one and run `mailbot secret set`",
    7000222: "the client secret has expired; make a new one and run `mailbot secret set`",
    700027: "the certificate is not registered with the application, or has expired; upload it in Entra",
}


class TokenRefused(PermanentError):
    """The identity provider gives no token; the text says which setting to check."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks for tokens; `certificate` or `secret` gives the credential when it is needed."""

    tenant: str
    client_id: str
    authority_url: str
    #: PEM text of a private key and its certificate
    certificate: Callable[[], str] | None = None
    secret: Callable[[], str] | None = None


def scope_for(base_url: str) -> str:
    """The `.default` scope of the cloud that `base_url` lies in."""
    host = urlsplit(base_url).hostname or ""
    return f"https://{host}/.default" if host in _NATIONAL_CLOUDS else f"{_PUBLIC_CLOUD}/.default"


@dataclass(slots=True)
class Tokens:
    """The token of one identity, for all threads. msal keeps it until shortly before it expires."""

    identity: Identity
    scope: str
    http: httpx.Client
    monotonic: Callable[[], float] = time.monotonic
    _app: Any = None
    #: what was refused is not tried for every mailbox
    _refused: TokenRefused | None = None
    _refused_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, *, refused: str | None = None) -> str:
        """A token; a new one when the one we have is `refused`. TokenRefused or TransientError without one."""
        with self._lock:
            if self._refused is not None and self.monotonic() < self._refused_until:
                raise TokenRefused(str(self._refused))
            try:
                return self._asked(refused)
            except TokenRefused as error:
                self._refused, self._refused_until = error, self.monotonic() + _REFUSED_SECONDS
                self._app = None  # the next attempt reads the secret anew: somebody may have put it right
                raise

    def _asked(self, refused: str | None) -> str:
        if self._app is None:
            self._app = self._application()
        with self._trouble():
            answer = self._app.acquire_token_for_client([self.scope])
            if refused is not None and answer.get("access_token") == refused:
                self._app.remove_tokens_for_client()
                answer = self._app.acquire_token_for_client([self.scope])
        return _token(answer)

    @property
    def _host(self) -> str:
        return urlsplit(self.identity.authority_url).netloc

    def _application(self) -> Any:
        import msal  # 0.1 s, and only where this platform is configured

        authority = self.identity.authority_url.rstrip("/")
        if not authority.endswith(f"/{self.identity.tenant}"):
            authority = f"{authority}/{self.identity.tenant}"
        credential = self._credential()
        with self._trouble():
            return msal.ConfidentialClientApplication(
                self.identity.client_id,
                authority=authority.replace("http://", "https://", 1),
                client_credential=credential,
                http_client=_MsalHttp(self.http, authority),
                # the administrator names the authority; it need not be one that msal knows
                instance_discovery=False,
            )

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """msal's exceptions as ours: without their texts and causes, which may hold what msal was given."""
        try:
            yield
        except MailbotError:
            raise
        except httpx.HTTPError as error:
            raise TransientError(f"no answer from {self._host} ({type(error).__name__})") from None
        except ValueError as error:
            if "authority" in str(error).lower():
                raise TokenRefused(f"{self._host} knows no tenant of this name; check `tenant`") from None
            raise TokenRefused("the certificate cannot be used; check that key and certificate are PEM") from None
        except Exception as error:
            raise TransientError(f"no usable answer from {self._host} ({type(error).__name__})") from None

    def _credential(self) -> str | dict[str, str]:
        if self.identity.certificate is not None:
            pem = self.identity.certificate()
            key, certificate = _PRIVATE_KEY.search(pem), _CERTIFICATE.search(pem)
            if key is None or certificate is None:
                raise UserError(
                    "the secret of `certificate` must hold a private key and its certificate in PEM; "
                    "run `cat key.pem cert.pem | mailbot secret set NAME`"
                )
            return {"private_key": key[0], "public_certificate": certificate[0]}
        assert self.identity.secret is not None, "the configuration check asks for one of both"
        return self.identity.secret()


def _token(answer: object) -> str:
    told = answer if isinstance(answer, dict) else {}
    token = told.get("access_token")
    if isinstance(token, str) and token:
        return token
    codes = [code for code in told.get("error_codes") or () if isinstance(code, int)]
    remedy = next((_REMEDIES[code] for code in codes if code in _REMEDIES), "check tenant, client_id and credential")
    # Only the code: descriptions hold application ids, times and correlation ids.
    name = re.sub(r"[^A-Za-z0-9_]", "", str(told.get("error", "")))[:60] or "no answer"
    numbers = "".join(f" AADSTS{code}" for code in codes)
    if name in ("temporarily_unavailable", "server_error"):
        raise TransientError(f"no token at present ({name}{numbers})")
    raise TokenRefused(f"no token for the application ({name}{numbers}): {remedy}")


@dataclass(slots=True)
class _MsalHttp:
    """What msal needs of an HTTP client. msal takes https only; on loopback it is told so and led back to http."""

    http: httpx.Client
    authority: str

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> "_Answer":
        answer = _Answer(self.http.get(self._led_back(url), params=params, headers=headers))
        if self.authority.startswith("http://") and url.endswith(_DISCOVERY):
            self._say_https(answer)
        return answer

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> "_Answer":
        # msal signs assertions as bytes, which httpx would write as "b'...'"
        form = {name: each.decode() if isinstance(each, bytes) else each for name, each in (data or {}).items()}
        return _Answer(self.http.post(self._led_back(url), params=params, data=form, headers=headers))

    def close(self) -> None: ...

    def _led_back(self, url: str) -> str:
        asked, ours = urlsplit(url), urlsplit(self.authority)
        if ours.scheme == "http" and asked.netloc == ours.netloc:
            return asked._replace(scheme="http").geturl()
        return url

    def _say_https(self, answer: "_Answer") -> None:
        """What a provider on this machine says of itself, or what it would say if it only has the token end point."""
        ours = urlsplit(self.authority)
        if answer.status_code == 404:
            ends = {f"{name}_endpoint": f"{self.authority}/oauth2/v2.0/{path}" for name, path in _END_POINTS.items()}
            answer.status_code, answer.text = 200, json.dumps(ends)
        answer.text = answer.text.replace(f"http://{ours.netloc}", f"https://{ours.netloc}")


class _Answer:
    """An answer as msal wants it."""

    def __init__(self, response: httpx.Response) -> None:
        self.status_code = response.status_code
        self.text = response.text
        self.headers = dict(response.headers)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise ValueError(f"HTTP status {self.status_code}")

    def json(self) -> Any:
        return json.loads(self.text)
