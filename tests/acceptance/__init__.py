"""The platform as a user has it: `mandegar up`, the shell, HTTP and a consumer on its topics, and nothing else."""
