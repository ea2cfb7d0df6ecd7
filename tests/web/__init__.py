"""HTTP: the application factory and what every API shares."""
