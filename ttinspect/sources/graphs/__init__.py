"""Graph captures of ttnn, as files: bare captures, reports, databases, and folders of them."""
