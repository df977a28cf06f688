"""The load suite: the same load on both gateways, and an honest comparison."""
