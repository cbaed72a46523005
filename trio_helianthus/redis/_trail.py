"""What becomes of a command that was refused here or now, and may be run elsewhere or later."""

from __future__ import annotations


class Trail:
    """Follows one piece of work from refusal to refusal; this one gives up at the first.

    It is only asked about errors that say that nothing has run.
    """

    async def follow(self, error: Exception) -> bool:
        """Wait for as long as it takes, and return whether it is worth trying again.

        :param error: why it was refused.
        """
        return False


NO_TRAIL = Trail()
"""For a single server, which is the only one that could be asked."""
