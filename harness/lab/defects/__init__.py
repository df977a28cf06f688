"""The defects, a module a family; each is a row of its module's DEFECTS."""
