"""What a provider publishes about itself: its discovery document and its keys, fetched, checked and kept."""
