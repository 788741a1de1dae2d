//! Expressions in the Common Expression Language: for what no typed condition says.
//!
//! An expression is admitted when the configuration is read, and then it is certain that it yields true or false, that
//! nothing in it is misspelled, and that it takes few steps. Why this way: docs/decisions/0012-cel.md.

mod check;
mod error;
mod inputs;
mod shape;

#[cfg(test)]
mod tests;

use core::fmt;
use std::sync::Arc;

use cel::common::types::CelBool;
use cel::{Program, Value};

pub use error::{ExpressionError, Position, Problem};

use self::check::{Uses, check};
use self::shape::Sizes;
use super::Holds;
use crate::policy::facts::Facts;

/// An expression that was admitted when the configuration was read.
#[derive(Clone)]
pub struct Expression(Arc<Admitted>);

struct Admitted {
    text: String,
    program: Program,
    uses: Uses,
}

impl Expression {
    /// Bytes of the text. The longest of the examples has 150, and what parses and evaluates recurses at most once for
    /// two of them.
    pub const MAX_BYTES: usize = 1024;
    /// Opening brackets and question marks, wherever they stand, so that the parser cannot recurse deeper: one level of
    /// it takes about 8 KiB of a stack of 1 MiB.
    pub const MAX_BRACKETS: usize = 48;
    /// Operators, names and values, those that macros stand for not counted. What fits into the text rarely has more.
    pub const MAX_NODES: usize = 256;
    /// Operators and calls within one another. The evaluation recurses as deep; its stack is 1 MiB in Envoy.
    pub const MAX_DEPTH: usize = 32;
    /// Loops within one another: two compare two lists with each other, and nothing has three.
    pub const MAX_LOOPS: usize = 2;
    /// Steps of one evaluation, a step being a node evaluated once or 64 bytes looked at.
    pub const MAX_STEPS: u64 = 200_000;

    /// Admits `text` and compiles it.
    ///
    /// # Errors
    /// [`ExpressionError`] says what is wrong with it, and where.
    pub fn admit(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > Self::MAX_BYTES {
            return Err(ExpressionError::TooLong { bytes: text.len() });
        }
        let mut brackets = text.char_indices().filter(|(_, character)| "([{?".contains(*character));
        if let Some((offset, _)) = brackets.nth(Self::MAX_BRACKETS) {
            return Err(ExpressionError::Refused {
                at: Position::of(text, offset),
                problem: Problem::TooDeep,
            });
        }
        let program = Program::compile(text).map_err(|errors| syntax_error(text, &errors))?;
        let checked = check(program.expression(), Sizes::ADMITTED).map_err(|fault| {
            let start = program.source_info().offset_for(fault.node).map_or(0, |(start, _)| start);
            let at = Position::of(text, usize::try_from(start).unwrap_or_default());
            ExpressionError::Refused { at, problem: fault.problem }
        })?;
        let uses = checked.uses;
        Ok(Self(Arc::new(Admitted { text: text.to_owned(), program, uses })))
    }

    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Does it look at the request, or at whether there is one?
    pub(in crate::policy) fn looks_at_request(&self) -> bool {
        self.0.uses.request
    }

    /// Is it true? Whatever cannot be evaluated is [`Holds::Unknown`]: it looks at something that is not known, it divides
    /// by zero, it takes too many steps for this person.
    #[must_use]
    pub fn holds(&self, facts: &Facts<'_>) -> Holds {
        let expression = self.0.program.expression();
        if check(expression, Sizes::of(facts)).is_err() {
            return Holds::Unknown;
        }
        let context = inputs::context(facts, self.0.uses);
        match Value::resolve_val(expression, &context) {
            Ok(value) => {
                value.downcast_ref::<CelBool>().map_or(Holds::Unknown, |holds| Holds::from(*holds.inner()))
            }
            Err(_) => Holds::Unknown,
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.0.text)
    }
}

/// The first of the parser's errors, in one line and without what it says to those who maintain it: the tokens that
/// would do instead, and its own names.
fn syntax_error(text: &str, errors: &cel::ParseErrors) -> ExpressionError {
    let Some(error) = errors.errors.first() else {
        return ExpressionError::Syntax { at: Position::of(text, 0), message: String::from("no expression") };
    };
    let number = |number: isize| usize::try_from(number).unwrap_or_default().max(1);
    let at = Position { line: number(error.pos.0), column: number(error.pos.1) };
    let message = error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg);
    let message = message.split(" expecting ").next().unwrap_or_default();
    let message = if message.starts_with("invalid string literal") { "invalid text" } else { message };
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    ExpressionError::Syntax { at, message }
}
