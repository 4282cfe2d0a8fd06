"""Pure functions `(x, weights, plan, ...) -> Step`; they assign nothing."""
