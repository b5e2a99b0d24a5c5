"""What a registration was: each write of one is a version that can be read, compared and restored."""
