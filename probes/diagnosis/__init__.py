"""Why a promise was broken: the ladder gathers evidence, a cause is named."""
