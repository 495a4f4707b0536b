"""What a step changed in an output, operator by operator: secants, and quadrature where there is none."""
