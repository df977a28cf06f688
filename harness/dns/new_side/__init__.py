"""The new side under the production name, before any record moves; and who calls past DNS."""
