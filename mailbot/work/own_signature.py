"""What of the official signature is the same for everybody in the organisation."""

from mailbot.config.model import Organisation


def organisation_lines(organisation: Organisation) -> tuple[str, ...]:
    """Lines that stand in everybody's official signature, for `mailbot.mail.parts`."""
    return tuple(
        line for line in (organisation.name, organisation.postal_address, *organisation.signature_lines) if line
    )
