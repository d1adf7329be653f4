"""Helps people label: which rows to look at next, by what a small linear model learns from labels."""
