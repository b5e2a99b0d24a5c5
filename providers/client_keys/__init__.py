"""The console's own keys towards providers (private_key_jwt): which one signs, and how they succeed each other."""
