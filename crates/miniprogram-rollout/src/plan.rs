//! What an operator wrote: the rollout file and the list of merchants.
