"""Where endings come from: one module for each part of the console that has things that end."""
