"""The DNS suite: is a name ready to move, when at the earliest, and how fast is it back. The only home of dnspython."""
