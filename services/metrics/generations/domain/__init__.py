"""What makes a generation another one, and how far a build has come. Pure."""
