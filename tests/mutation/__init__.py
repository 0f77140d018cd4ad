"""Mutation testing: small changes to the code, in a copy of it, that some test should notice."""
