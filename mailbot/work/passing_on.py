"""Mail that is another authority's affair: what the person who passes it on writes to the sender.

mailbot proposes and supplies the words; a person passes the mail on and sends the answer, which settles the clock as
any answer does (förvaltningslagen 8 §, forvaltningsloven § 11).
"""

from mailbot.render.templates import Rendered
from mailbot.store.records import Obligation
from mailbot.work.citizen_mail import to_the_asker
from mailbot.work.context import Context


def proposed_text(context: Context, obligation: Obligation) -> Rendered | None:
    """The answer to the sender in their language, or None where nothing is to be passed on."""
    if obligation.ref not in context.store.obligations.to_pass_on([obligation.ref]):
        return None
    return to_the_asker(context, "passed_on", obligation)
