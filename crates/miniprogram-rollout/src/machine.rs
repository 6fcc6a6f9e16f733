//! The rollout of one app as a pure state machine.

pub mod policy;
pub mod windows;

pub use policy::{
    DelayPolicy, GateFailure, GrayStep, Patience, Policy, Polling, RejectionPolicy, StuckPolicy,
};
pub use windows::{Date, Days, InvalidWindow, Weekday, Window, Windows};
