"""A real OpenLDAP server with a municipality's people, as Active Directory would describe them."""

import subprocess
from pathlib import Path

from tests.servers.certificates import Authority
from tests.servers.processes import Program, free_ports, listens

BASE = "dc=bjurholm,dc=example"
PEOPLE = f"ou=Personal,{BASE}"
READER, PASSWORD = f"cn=svc-mailbot,{BASE}", "läs bara"

#: attributes of Active Directory (MS-ADA) that OpenLDAP has no schema for
_TEXT = "EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
_SCHEMA = f"""
attributetype ( 1.2.840.113556.1.2.210 NAME 'proxyAddresses' {_TEXT} )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' {_TEXT} SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.141 NAME 'department' {_TEXT} SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl'
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.11.1 NAME 'adUser' SUP inetOrgPerson STRUCTURAL
  MAY ( proxyAddresses $ sAMAccountName $ userAccountControl $ department ) )
objectclass ( 1.3.6.1.4.1.4203.666.11.2 NAME 'contact' SUP adUser STRUCTURAL )
"""
_CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include {folder}/ad.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
disallow bind_anon
sizelimit size.soft=100 size.hard=100 size.prtotal=unlimited
database mdb
suffix "{base}"
directory {folder}/data
rootdn "cn=admin,{base}"
limits dn.exact="cn=limited,{base}" size.soft=2 size.hard=2 size.prtotal=2
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""
_TREE = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: bjurholm
o: Bjurholm

dn: {PEOPLE}
objectClass: organizationalUnit
ou: Personal

dn: ou=Tom,{BASE}
objectClass: organizationalUnit
ou: Tom

dn: {READER}
objectClass: person
cn: svc-mailbot
sn: svc
userPassword: {PASSWORD}

dn: cn=limited,{BASE}
objectClass: person
cn: limited
sn: limited
userPassword: {PASSWORD}
"""


class Slapd:
    """`folder` is new. Two ways in: ldap (with StartTLS) and ldaps; its certificate is that of localhost."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.ca_file = authority.ca_file
        self._certificate = authority.sign("slapd", names="DNS:localhost")
        self._program: Program | None = None
        self.ports: dict[str, int] = {}

    def start(self, *entries: str) -> None:
        (self.folder / "data").mkdir(parents=True)
        (self.folder / "ad.schema").write_text(_SCHEMA)
        values = {"certificate": self._certificate.certificate, "key": self._certificate.key, "base": BASE}
        configuration = self.folder / "slapd.conf"
        configuration.write_text(_CONFIG.format(folder=self.folder, **values))
        tree = self.folder / "tree.ldif"
        tree.write_text("\n".join((_TREE, *entries)), encoding="utf-8")
        subprocess.run(["/usr/sbin/slapadd", "-f", configuration, "-l", tree], check=True, capture_output=True)
        for _ in range(5):
            self.ports = dict(zip(("ldap", "ldaps"), free_ports(2), strict=True))
            urls = " ".join(f"{kind}://127.0.0.1:{port}/" for kind, port in self.ports.items())
            arguments = ["/usr/sbin/slapd", "-f", str(configuration), "-h", urls, "-d", "0"]
            self._program = Program(arguments, output=self.folder / "slapd.out")
            if self._program.wait_until(lambda: all(listens(port) for port in self.ports.values())):
                return
        raise RuntimeError(f"slapd does not start; see {self.folder / 'slapd.out'}")

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None


def person(name: str, *lines: str, kind: str = "adUser", below: str = PEOPLE) -> str:
    """One entry in LDIF (RFC 2849); `lines` are further attributes."""
    return "\n".join((f"dn: cn={name},{below}", f"objectClass: {kind}", f"cn: {name}", "sn: x", *lines, ""))
