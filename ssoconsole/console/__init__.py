"""The roof: what stands on both apps."""
