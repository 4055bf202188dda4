"""Making and upgrading the store's schema, and telling when that is needed."""


def migrate(url: str) -> tuple[str, ...]:
    """Make the store or bring it up to date; safe to repeat, blocking.

    Returns:
        Ids of the migrations that were applied now.

    Raises:
        StoreError: The file cannot be made, is locked, or a migration failed.
    """
    raise NotImplementedError
