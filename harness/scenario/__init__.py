"""A scenario file → a typed Scenario; every error with file:line:column."""
