//! Values that must not be printed.

use zeroize::Zeroize;

/// A secret: no `Debug`, no `Display`, no `Serialize`, wiped when dropped.
///
/// [`Secret::expose`] is the only way in, so one search lists every use.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes `value` into custody.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Callers keep it off logs, errors and metrics.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
