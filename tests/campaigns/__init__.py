"""Tests of the service campaigns."""
