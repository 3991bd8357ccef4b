"""The pictures of the card library, drawn from formulas: ``python -m diagrams`` writes them beside the cards."""
