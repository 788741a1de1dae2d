//! The Envoy shell.
