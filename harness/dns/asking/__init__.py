"""One question to one server, and whatever comes of it. The only part that speaks to name servers."""
