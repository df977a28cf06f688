"""What monitoring services tell of a gateway, as series with typed absence."""
