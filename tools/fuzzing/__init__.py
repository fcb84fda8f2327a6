"""Generation of faulty inputs, and supervision of commands that read them."""
