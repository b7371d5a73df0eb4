"""The product's shell: settings, set-up, processes, health and the page's files."""
