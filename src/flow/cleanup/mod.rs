//! The last step of a whole full pull: the application's accounts that nobody saw, and what becomes of them.
//!
//! Every account is looked at before it is counted, all that were counted are approved together or not at all, and each is
//! looked at once more before anything is done to it. What cannot be read, what is not ours and what the directory turns
//! out to have after all stays as it is.

mod exam;

pub use exam::absence;
pub(in crate::flow) use exam::{Exam, ExamEnd, ExamTurn, Scene};
