"""What a provider publishes otherwise than before: noticed, shown, and adopted by a person where it matters."""
