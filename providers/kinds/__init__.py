"""
The kinds of providers there are: one file each, found by looking into this package.

A new kind is a new module here with one subclass of `Kind`, and nothing else.
"""

import inspect
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from providers.errors import ProviderUnknown
from providers.kinds.base import Kind
from providers.models import Provider

__all__ = ["Kind", "all_kinds", "kind_of"]


@cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by its key, in the order of their names."""
    kinds = [kind for module in iter_modules(__path__) for kind in _kinds_in(f"{__name__}.{module.name}")]
    return {kind.key: kind for kind in sorted(kinds, key=lambda kind: kind.name)}


def kind_of(provider: Provider | str) -> Kind:
    """The kind of a provider, or of a key. Raises ProviderUnknown for a key that no module here has."""
    key = provider if isinstance(provider, str) else provider.kind
    try:
        return all_kinds()[key]
    except KeyError:
        raise ProviderUnknown(expected=" or ".join(all_kinds()), received=f"kind {key}") from None


def _kinds_in(module_name: str) -> list[Kind]:
    members = vars(import_module(module_name)).values()
    own = (member for member in members if inspect.isclass(member) and member.__module__ == module_name)
    return [member() for member in own if issubclass(member, Kind) and member is not Kind]
