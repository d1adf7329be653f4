"""The scheduled refresh: what changed is read, checked and published; nobody watches."""
