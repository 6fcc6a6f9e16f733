//! The rollout of one app as a pure state machine.
