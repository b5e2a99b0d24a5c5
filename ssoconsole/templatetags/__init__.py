"""What templates say beyond Django's own tags."""
