"""Mail that is another authority's affair: what the person who passes it on writes to the sender.

mailbot proposes and supplies the words; a person passes the mail on and sends the answer, which settles the clock as
any answer does (förvaltningslagen 8 §, forvaltningsloven § 11).
"""

from mailbot.render.templates import Rendered
from mailbot.store.records import Obligation
from mailbot.work.context import Context


def proposed_text(context: Context, obligation: Obligation) -> Rendered | None:
    """The answer to the sender in their language, or None where nothing is to be passed on."""
    if obligation.ref not in context.store.obligations.to_pass_on([obligation.ref]):
        return None
    config = context.config
    # A unit may have left the configuration while somebody still waits for its answer.
    names = {unit.id: unit.name for unit in config.units}
    return context.templates.render(
        "passed_on",
        obligation.language or config.policy.language,
        unit=names.get(obligation.unit, config.organisation.name),
        organisation=config.organisation,
        received_at=obligation.received_at.astimezone(config.zone),
        ref=obligation.ref,
    )
