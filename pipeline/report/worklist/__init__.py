"""Everyone's findings become the worklist and its page; what people typed comes back."""
