"""Pajek's .net, and what the reference Infomap adds to it: vertices, links, relations, states and layers."""
