"""Mail in a conversation that holds something confidential.

A follow-up ("have you got my mail?") repeats the subject and quotes the text that was kept secret, without a word that
would give it away by itself. So it is treated as what it follows (invariant 6).
"""

from dataclasses import replace

from mailbot.policy.model import AnnounceConfidential, Decision, ForwardToRegistrar, Verdict


def keep_secret(decision: Decision) -> Decision:
    """`decision` about such a message: confidential, and announced where it would have been handed over.

    Whether it must be registered or answered does not change.
    """
    if decision.confidential:
        return decision
    return replace(
        decision,
        confidential=True,
        verdicts=(*decision.verdicts, Verdict("confidential.conversation")),
        actions=tuple(
            AnnounceConfidential() if isinstance(action, ForwardToRegistrar) else action for action in decision.actions
        ),
    )
