"""What a console's process remembers, and what must not be remembered of something that never happened."""

from django.core.cache import cache

from tokens.keys import services
from tokens.records import verification
from tokens.records.services import forget_counts


def forget_everything():
    """Throttles, cool-downs, copies of keys, and counts."""
    cache.clear()
    forget_counts()
    verification._proved.clear()
    services._keys.clear()  # a key that a test has changed, and whose change is undone with it
