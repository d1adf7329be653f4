"""What every model is trained, watched, scored and reported with."""
