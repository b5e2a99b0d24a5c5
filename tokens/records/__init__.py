"""The records of issued tokens: issuing, finding, revoking."""
