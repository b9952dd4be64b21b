"""People from a directory over LDAP (RFC 4511): Active Directory, OpenLDAP and others."""
