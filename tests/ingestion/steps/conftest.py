from hypothesis import settings

# How long an example takes is the machine's business, not a property of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
