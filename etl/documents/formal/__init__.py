"""Formal documents such as self-introductions, paragraph by paragraph: text, HTML, DOCX, ODT, RTF, PDF."""
