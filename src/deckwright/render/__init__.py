"""Formulas and pictures: text in, SVG out."""
