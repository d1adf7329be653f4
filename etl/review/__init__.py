"""The review page: a local web page on which people look at rows and decide what is right (`etl review`)."""
