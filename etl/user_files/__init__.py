"""Files that users name or write: plain ones only, and YAML without what it lets pass in silence."""
