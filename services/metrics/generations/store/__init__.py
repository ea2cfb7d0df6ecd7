"""Every query of generations: what a build has made so far, the switch, and what goes afterwards."""
