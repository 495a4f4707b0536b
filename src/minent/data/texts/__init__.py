"""Texts alone, with labels and in pairs; batches of them by length; texts that packages carry."""
