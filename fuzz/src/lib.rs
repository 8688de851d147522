//! What the libFuzzer targets share.
//!
//! The targets themselves are macro calls. Here is what they call: [`teardown`] runs an input,
//! [`input`] makes new inputs out of old ones, [`counters`] tells libFuzzer what runs have shown, [`crash`]
//! turns a failure into a crash, [`settings`] is what the environment asks for, [`sanitizer`] what the address
//! sanitizer has to know. Everything about cases and runs is in the harness; nothing in it knows of
//! libFuzzer.

#![deny(unsafe_code)]

pub mod case_text;
pub mod counters;
pub mod crash;
pub mod input;
pub mod sanitizer;
pub mod settings;
pub mod teardown;
