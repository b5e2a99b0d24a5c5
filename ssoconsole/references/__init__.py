"""References in words, by which a refusal is looked up; the number of words says what kind it is."""
