"""Tests of consents in campaigns."""
