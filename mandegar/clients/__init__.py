"""Writes the Python client in clients/python from docs/openapi: `python -m mandegar.clients [--check]`.

Types come from datamodel-code-generator; the methods, one for each operation, from `operations` and `rendering`.
"""
