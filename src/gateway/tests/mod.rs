//! Tests of the room from inside: they have sessions without a sign-in.

mod identity_token;
mod replication;
