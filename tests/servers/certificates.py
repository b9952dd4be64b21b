"""A certificate authority for one test session, and certificates it signs, made with the openssl program."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_NAMES = "DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3,IP:127.0.0.4"


@dataclass(frozen=True, slots=True)
class Certificate:
    certificate: Path
    key: Path


class Authority:
    """Signs certificates with a key of its own; `ca_file` is what a client must trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._own = self._new("ca", "/CN=Test authority", ["-x509", "-days", "2"])

    @property
    def ca_file(self) -> Path:
        return self._own.certificate

    def sign(self, name: str, *, names: str = _NAMES, days: int = 2) -> Certificate:
        """A server certificate for `names` (subjectAltName), valid `days` days; 0 or fewer: expired already."""
        made = self._new(name, f"/CN={name}", [])
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        _openssl(
            *("x509", "-req", "-in", f"{made.certificate}", "-out", f"{made.certificate}", "-days", f"{days}"),
            *("-CA", f"{self._own.certificate}", "-CAkey", f"{self._own.key}", "-CAcreateserial"),
            *("-extfile", f"{extensions}"),
        )
        return made

    def _new(self, name: str, subject: str, arguments: list[str]) -> Certificate:
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        _openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", subject),
            *("-keyout", f"{made.key}", "-out", f"{made.certificate}", *arguments),
        )
        return made


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
