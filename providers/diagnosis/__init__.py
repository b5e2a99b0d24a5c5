"""What is wrong with a registration, or with what its provider has signed; nothing of it is changed."""
