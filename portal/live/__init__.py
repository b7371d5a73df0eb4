"""Live updates: who looks at a tenant learns at once that something changed, by ids alone, and reads it again."""
