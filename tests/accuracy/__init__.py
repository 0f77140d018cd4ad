"""How accurate every row of the table is: ours, eager and compiled, beside PyTorch and JAX."""
