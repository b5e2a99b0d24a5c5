"""Who a provider's subject is here: known, linked, new, or not to be let in."""
