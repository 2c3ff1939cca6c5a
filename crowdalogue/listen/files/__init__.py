"""Files of past messages: what they are, how they are read, what their columns mean."""
