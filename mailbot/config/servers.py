"""What a mail server can be, and a directory of people: the tables [servers.NAME] and [directory]."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a protocol is spoken beside the main one (SMTP, ManageSieve)."""

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"] = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildirServer:
    kind: Literal["maildir"]
    #: folder of one mailbox; {address}, {user} and {domain} are filled in
    path: str
    #: folder where mail to other hosts is laid as .eml files for another program to send; empty = such mail is refused
    outside: str = ""

    def folder(self, address: str) -> Path:
        """Where the mail of `address` lies."""
        user, _, domain = address.rpartition("@")
        return Path(self.path.format(address=address, user=user, domain=domain))


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderNames:
    """Names of the folders with a role, as people see them, where the server does not say (RFC 6154)."""

    sent: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    trash: tuple[str, ...] = ()
    junk: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapServer:
    kind: Literal["imap"]
    host: str
    #: 0: 993 for tls = "implicit", else 143
    port: int = 0
    #: "none" only towards this machine itself
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    #: PEM file of the authorities to trust; empty = those of the operating system
    ca_file: str = ""
    login: Literal["user", "master", "authzid", "xoauth2"] = "user"
    #: the master or service identity; unused where each mailbox logs in as itself
    user: str = ""
    #: name of the secret; with login = "user" the default for mailboxes that name none
    secret: str = ""
    #: prints an access token for {address}; arguments, no shell
    token_command: tuple[str, ...] = ()
    smtp: Endpoint | None = None
    managesieve: Endpoint | None = None
    folders: FolderNames = field(default_factory=FolderNames)
    #: connections that stay open between passes
    keep_connections: int = 200

    @property
    def imap_port(self) -> int:
        return self.port or (993 if self.tls == "implicit" else 143)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphServer:
    """A Microsoft 365 tenant, opened by one application (docs/microsoft365.md)."""

    kind: Literal["graph"]
    #: id or domain of the tenant, and id of the application in it
    tenant: str
    client_id: str
    #: name of the secret that holds private key and certificate in PEM
    certificate: str = ""
    #: name of the secret that holds the client secret, where no certificate is used
    secret: str = ""
    base_url: str = "https://graph.microsoft.com/v1.0"
    authority_url: str = "https://login.microsoftonline.com"
    #: the most that all mailboxes of this tenant are asked together
    requests_per_second: int = 200
    #: whether people's calendars tell when they are out of office; needs a right of its own
    calendars: bool = False
    #: a mailbox outside the application's scope; `mailbot doctor` proves that it cannot be reached
    out_of_scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EwsServer:
    """Exchange on-premises, opened by one service account that impersonates (docs/exchange.md)."""

    kind: Literal["ews"]
    #: of Exchange Web Services, as in https://mail.bjurholm.example/EWS/Exchange.asmx
    url: str
    auth: Literal["ntlm", "kerberos", "certificate", "basic", "oauth"] = "ntlm"
    #: the service account, as in DOMAIN\\svc-mailbot; unused for kerberos, certificate and oauth
    user: str = ""
    #: name of the secret with its password; for oauth with the client secret
    secret: str = ""
    #: name of the secret that holds private key and certificate in PEM, for certificate and oauth
    certificate: str = ""
    #: for oauth (hybrid modern authentication): the tenant and the application in it
    tenant: str = ""
    client_id: str = ""
    authority_url: str = "https://login.microsoftonline.com"
    #: PEM file of the authorities to trust; empty = those of the operating system
    ca_file: str = ""
    #: sessions that stay open between passes
    keep_connections: int = 200
    #: whether it has inbox rules; servers of other makes than Microsoft's may lack them, and mailbot forwards itself
    inbox_rules: bool = True
    #: a mailbox outside the service account's scope; `mailbot doctor` proves that it cannot be reached
    out_of_scope: str = ""


#: what `[servers.NAME]` can be, by its `kind`; a new platform adds its class here and to `Server`
Server = MaildirServer | ImapServer | GraphServer | EwsServer
SERVER_KINDS: Mapping[str, type[Server]] = {
    "maildir": MaildirServer,
    "imap": ImapServer,
    "graph": GraphServer,
    "ews": EwsServer,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings:
    """The directory of the people who work here (docs/ldap.md); it is only read."""

    kind: Literal["ldap"]
    host: str
    #: 0: 636 for tls = "implicit", else 389
    port: int = 0
    #: "none" only towards this machine itself
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    #: PEM file of the authorities to trust; empty = those of the operating system
    ca_file: str = ""
    #: who asks: a DN, or for Active Directory also name@domain; empty = anybody may read
    user: str = ""
    #: name of the secret with the password of `user`
    secret: str = ""
    #: below which entry people are, as in OU=Personal,DC=bjurholm,DC=example
    base: str
    #: which entries are people (RFC 4515)
    filter: str = "(mail=*)"

    @property
    def ldap_port(self) -> int:
        return self.port or (636 if self.tls == "implicit" else 389)
