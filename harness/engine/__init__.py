"""Plan, send, compare, resume: a generator of events."""
