"""A run on disk: encode and mask, hash chain, bodies; read and verify."""
