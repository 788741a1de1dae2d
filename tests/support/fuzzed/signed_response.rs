//! Whatever is done to a signed response on its way: it is refused, or read as the one that was signed.
//!
//! The first byte chooses the genuine message, the rest is a script of edits. Encrypted messages, which take a hundred
//! times as long, are a target of their own.

use super::edit_script::{edited, script};
use super::world::{Genuine, Remembering, World, donors, genuine};

/// The genuine messages, and what a person with an account can bring along.
pub struct Stage {
    world: World,
    crypto: Remembering,
    pub messages: Vec<Genuine>,
    donors: Vec<String>,
}

impl Stage {
    pub fn new(encrypted: bool) -> Self {
        let (world, crypto, donors) = (World::new(), Remembering::default(), donors());
        let mut messages = genuine(&world, &crypto);
        messages.retain(|message| message.xml.contains("EncryptedData") == encrypted);
        assert!(messages.len() >= 10, "only {} messages", messages.len());
        for message in &messages {
            for donor in &donors {
                assert!(world.accept(donor.as_bytes(), &message.idp, &crypto).is_err(), "a donor gets in");
            }
        }
        Self { world, crypto, messages, donors }
    }

    /// Was it accepted? Panics when somebody else got in.
    pub fn play(&self, input: &[u8]) -> bool {
        let Some((first, rest)) = input.split_first() else { return false };
        let message = &self.messages[usize::from(*first) % self.messages.len()];
        let script = script(rest);
        let xml = edited(&message.xml, &self.donors, &script);
        match self.world.accept(&xml, &message.idp, &self.crypto) {
            Err(_) => false,
            Ok(outcome) => {
                assert!(
                    outcome == message.outcome,
                    "{} was accepted as somebody else after {script:?}\n{outcome:?}\nfor {:?}\n{}",
                    message.name,
                    message.outcome,
                    String::from_utf8_lossy(&xml)
                );
                true
            }
        }
    }
}

thread_local! {
    static PLAIN: Stage = Stage::new(false);
    static ENCRYPTED: Stage = Stage::new(true);
}

pub fn check(input: &[u8]) {
    PLAIN.with(|stage| stage.play(input));
}

pub fn check_encrypted(input: &[u8]) {
    ENCRYPTED.with(|stage| stage.play(input));
}
