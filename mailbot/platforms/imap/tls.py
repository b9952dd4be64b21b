"""TLS towards mail servers: always verified."""

import ssl
from pathlib import Path

from mailbot.errors import PermanentError


def client_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Verifies certificate and host name, TLS 1.2 or newer (RFC 8996).

    With `ca_file` only the authorities in it are trusted, without it those of the operating system.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or "it holds no certificate"
        raise PermanentError(f"cannot use the CA file {ca_file}: {reason}; name a PEM file in ca_file") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def certificate_remedy(error: ssl.SSLCertVerificationError, host: str) -> str:
    """What is wrong with the certificate of `host`, and what to do about it."""
    # X509_V_ERR codes of OpenSSL's x509_vfy.h
    match error.verify_code:
        case 9 | 10:
            return f"the certificate of {host} has expired or is not valid yet; renew it, or check this machine's clock"
        case 62 | 64:
            return f"the certificate of {host} is made out to another name; set host to a name that stands in it"
        case 18 | 19 | 20 | 21:
            return f"the certificate of {host} is signed by nobody trusted here; name its authority in ca_file"
    return f"the certificate of {host} is refused ({error.verify_message}); let the server present a valid one"
