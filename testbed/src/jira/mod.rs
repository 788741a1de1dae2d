//! A stand-in for Jira Data Center.
