//! The `sigyn` binary.

fn main() {}
