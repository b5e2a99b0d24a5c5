"""The sections of the file: how each kind of object is read into its rows and told from them."""
