"""What the views about bots and tokens have in common."""

from typing import ClassVar

from ssoconsole.platform.rest.views import ResourceView, created, one

__all__ = ["ConsoleView", "created", "one"]


class ConsoleView(ResourceView):
    """
    One resource, with what `ConsoleAdministrator` may know of it.

    `owners_may_read` opens safe methods to people who own a bot, for what `visible_bots` lets them see;
    `only_reads` says that POST is safe too: it asks about something that belongs into no URL.
    """

    owners_may_read: ClassVar[bool] = False
    only_reads: ClassVar[bool] = False
