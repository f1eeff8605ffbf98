"""Measurements behind the book's tables, one command each."""
