"""How often strangers may make the console work: whom to count together, and for how long."""
