"""How each product speaks: headers that only name it, errors that it makes itself. Tables of graded facts."""
