"""What an Android app needs beside a LiteRT file to classify sentences: Kotlin sources, and their tables."""
