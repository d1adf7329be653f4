"""`etl serve`: a model behind HTTP, for servers and demos: JSON in, labels out."""
