"""Published versions of a dataset: a folder or a URL holds all of them, and a pointer to the current one."""
