"""Models of text: trained, run and scored."""
