"""How bots prove themselves: adding, retiring and checking credentials."""
