"""What every layer stands on: errors, argument checks, compilation."""
