"""Who can administer, and how they come in."""

from django.db.models import Q

from providers.models import Identity
from ssoconsole.console.checklist.item import Found, Item, Situation, bad, good
from ssoconsole.platform.accounts import services
from ssoconsole.platform.accounts.models import User


def administrator_through_a_provider(situation: Situation) -> Found:
    coming = Identity.objects.filter(
        provider__enabled=True, user__is_active=True, user__is_staff=True, user__is_superuser=True
    )
    names = list(coming.order_by("user__username").values_list("user__username", flat=True).distinct()[:3])
    if names:
        return good(f"For instance {', '.join(names)}.")
    return bad("No active administrator has an identity at an enabled provider.")


def no_break_glass_account(situation: Situation) -> Found:
    names = [user.username for user in services.open_accounts(at=situation.at)[:5]]
    return bad(f"Open: {', '.join(names)}.") if names else good("None is open.")


def no_lasting_password(situation: Situation) -> Found:
    lasting = User.objects.filter(Q(is_staff=True) | Q(is_superuser=True), is_active=True, expires_at=None)
    # Django marks a password that nobody has by a first "!".
    usable = lasting.exclude(Q(password="") | Q(password__startswith="!"))  # noqa: S106 - none at all
    names = list(usable.order_by("username").values_list("username", flat=True)[:5])
    return bad(f"With a password: {', '.join(names)}.") if names else good("None has a password.")


ITEMS = (
    Item(
        "administrator_through_provider",
        "People",
        "An administrator can come in through a provider",
        "Sign in through the provider, and let that person administer: admin_principals, a group rule, or the rights "
        "of the account. Without one, every administration starts with breaking the glass.",
        administrator_through_a_provider,
    ),
    Item(
        "no_break_glass",
        "People",
        "No break-glass administrator is open",
        "Clear Active of the account, or wait for its end.",
        no_break_glass_account,
    ),
    Item(
        "no_lasting_password",
        "People",
        "No administrator has a lasting password",
        "Let them come in through a provider, and take the password away; bootstrap_admin makes one for a day.",
        no_lasting_password,
    ),
)
