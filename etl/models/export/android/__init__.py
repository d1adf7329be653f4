"""What an Android app needs beside a LiteRT file to classify sentences: sources in Kotlin, and their tables."""
