"""The rules of verify-shm."""
