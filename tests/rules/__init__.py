"""The business's pure rules, held by properties rather than by examples."""
