"""Topics of time: when a name can be moved at the earliest, and how fast callers are back."""
