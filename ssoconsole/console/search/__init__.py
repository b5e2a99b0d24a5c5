"""The one box of the admin: from whatever somebody has in hand to the page it belongs to."""
