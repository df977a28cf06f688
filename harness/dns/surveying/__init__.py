"""All that is seen of a name: at its authoritative servers, at the resolvers, on the way to its new target."""
