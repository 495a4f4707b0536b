"""The answer and its files: nested modules, their codelength, formats, agreement of two."""
