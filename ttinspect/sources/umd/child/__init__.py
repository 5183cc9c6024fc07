"""The process that asks tt_umd. It imports tt_umd, and of ttinspect only what is as light as itself."""
