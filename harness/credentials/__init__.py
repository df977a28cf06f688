"""`as:` → headers and query of each side."""
