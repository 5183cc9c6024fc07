"""Is a machine what it should be: expectations of its products, and of its site."""
