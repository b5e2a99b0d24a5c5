"""What became of sign-ins, told to administrators: what each outcome means, and how far an attempt came."""
