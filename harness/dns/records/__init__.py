"""Topics that the zone, its servers and the resolvers answer: who serves what, and what stands beside it."""
