"""The events: their forms, their documents, and what may change."""
