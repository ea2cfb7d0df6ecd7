"""The oracles themselves: held against tables worked out by hand, so that they can convict others."""
