"""What differs between two answers: status, headers, bodies; noise; causes."""
