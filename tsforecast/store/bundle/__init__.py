"""What one version of a model holds, and its bytes."""
