"""Reading a configuration in any of its three forms; a file is recognised by what it holds."""
