"""Operations: what a person does about the platform's own work when that is stuck."""
