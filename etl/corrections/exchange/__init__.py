"""Decisions in the formats of other tools: Label Studio, spreadsheets, Hugging Face and Argilla."""
