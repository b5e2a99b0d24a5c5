"""How the console explains: one check after the other, and what a code means and what to do about it."""
