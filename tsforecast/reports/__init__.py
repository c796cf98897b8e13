"""Reports and plots of what the workflows found."""
