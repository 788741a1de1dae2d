//! One scene for many tests of a file: they take turns, and each finds everybody honest and Jira as it was.

use std::io;
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::scene::{Scene, SceneOptions};

/// A scene that starts when the first test asks for it and ends with the process.
pub struct SharedScene {
    options: fn() -> SceneOptions,
    turn: Mutex<()>,
    scene: OnceLock<Scene>,
}

impl std::fmt::Debug for SharedScene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedScene({:?})", self.scene.get())
    }
}

/// A test's turn.
#[derive(Debug)]
pub struct Turn<'a> {
    scene: &'a Scene,
    _turn: MutexGuard<'a, ()>,
}

impl SharedScene {
    /// A scene of these options, not started yet.
    #[must_use]
    pub const fn new(options: fn() -> SceneOptions) -> Self {
        Self { options, turn: Mutex::new(()), scene: OnceLock::new() }
    }

    /// Waits for this test's turn; starts the scene if nobody did.
    ///
    /// # Errors
    /// As for [`Scene::start`].
    pub fn turn(&self) -> io::Result<Turn<'_>> {
        // A test that failed in its turn leaves nothing behind that `reset` does not put right.
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let scene = match self.scene.get() {
            Some(scene) => scene,
            None => {
                let fresh = Scene::start((self.options)())?;
                self.scene.get_or_init(|| fresh)
            }
        };
        scene.idp.reset();
        scene.jira.reset();
        Ok(Turn { scene, _turn: turn })
    }
}

impl Deref for Turn<'_> {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        self.scene
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.scene.show_logs();
        }
    }
}
