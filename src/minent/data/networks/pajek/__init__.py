"""Pajek's .net, and what the reference Infomap adds to it: sections of vertices, links, relations, states and layers."""
