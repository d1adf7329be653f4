"""What the tool says, in the user's language: English in the code, other languages in `translations/`."""
