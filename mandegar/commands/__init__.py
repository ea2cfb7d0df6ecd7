"""Commands of `mandegar`, a file each; `mandegar.cli` wires them."""
