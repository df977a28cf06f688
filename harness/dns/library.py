"""Brings dnspython in under its own name, before pytest can give it to a folder.

pytest names a module by its path below the root of the run: where that root is `suites/`, the tests of `suites/dns`
become `dns.test_dns`, in a package `dns` that pytest makes up unless there is one already.
"""

import dns.name

assert dns.name
