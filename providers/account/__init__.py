"""What a person sees of herself: her identities and her sessions."""
