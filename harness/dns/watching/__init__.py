"""Names on their way: who answers which side, look by look, and what that comes to."""
