//! The application behind one handle.

use core::ops::Deref;
use std::sync::Arc;

use super::application::Application;

/// One application that follows the sign-in: a handle that settings can share.
#[derive(Clone, Debug)]
pub struct Target(Arc<dyn Application>);

impl Target {
    /// This application.
    #[must_use]
    pub fn new(application: impl Application + 'static) -> Self {
        Self(Arc::new(application))
    }
}

impl Deref for Target {
    type Target = dyn Application;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}
