//! What was done at the application, for the event of a sign-in: kinds and numbers, no names.

use core::fmt;

use crate::base::Code;
use crate::provision::{Done, OperationKind};

/// What was done.
#[derive(Debug)]
pub(in crate::flow) enum ProvisioningReport {
    /// There is no application to provision.
    HeadersOnly,
    /// The plan was carried out.
    Done(Vec<(OperationKind, Done)>),
    /// The account is as it was left a while ago, so nobody looked.
    Unchanged,
    /// The plan was made, and that was all.
    DryRun(Vec<OperationKind>),
    /// It failed, and that was overlooked.
    Failed(Code),
}

impl fmt::Display for ProvisioningReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeadersOnly => f.write_str("headers only"),
            Self::Unchanged => f.write_str("unchanged, not looked at"),
            Self::Done(done) if done.is_empty() => f.write_str("nothing to change"),
            Self::Done(done) => {
                for (index, (kind, done)) in done.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    let how = match done {
                        Done::Applied => "",
                        Done::AlreadySo => " (already so)",
                        Done::Failed => " (failed)",
                        Done::PassedOver => " (no such group)",
                    };
                    write!(f, "{separator}{}{how}", kind.as_str())?;
                }
                Ok(())
            }
            Self::DryRun(kinds) => {
                f.write_str("dry run")?;
                for (index, kind) in kinds.iter().enumerate() {
                    let separator = if index == 0 { ": " } else { ", " };
                    write!(f, "{separator}{}", kind.as_str())?;
                }
                Ok(())
            }
            Self::Failed(code) => write!(f, "failed {code}, signed in all the same"),
        }
    }
}
