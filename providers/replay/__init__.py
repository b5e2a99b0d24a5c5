"""Running the claims of past sign-ins through a registration that is not saved yet."""
