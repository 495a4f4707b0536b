"""Other programs' files: GraphML, GML, GEXF, networkx's lists, JSON."""
