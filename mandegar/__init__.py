"""The command line, the embedded stack, and what people run by hand: replay, generate, demo."""
