//! How much work one message may cause, and where each number comes from.

use core::fmt;

/// Upper bounds on one inbound message. Every loop over input counts against one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a form body. 1 MiB is Envoy's default `per_connection_buffer_limit_bytes`: a larger body is
    /// answered 413 by Envoy before the filter sees it.
    pub max_body_bytes: usize,
    /// Bytes of one XML document. 512 KiB holds about 2,000 groups; the worst document of 128 KiB that passes
    /// the lexer's other limits costs 62 ms (measured), so this stays low.
    pub max_xml_bytes: usize,
    /// Depth of nested elements. Real responses stay under 15; xmlsec1 and libxml2 stop at 256.
    pub max_xml_depth: usize,
    /// Elements, texts and comments of one document: 20,000 is ten times a response with 1,000 groups.
    pub max_xml_nodes: usize,
    /// Attributes (namespace declarations included) of one element. roxmltree is quadratic in this number.
    pub max_xml_attributes: usize,
    /// Distinct prefixes declared in one document. roxmltree is cubic in nested declarations: 2,000 stall it for
    /// seconds. Real responses use fewer than ten.
    pub max_xml_prefixes: usize,
    /// Bytes after inflating a Redirect-binding message. Real ones stay under 16 KiB.
    pub max_inflated_bytes: usize,
    /// Signature checks for one message: signatures times candidate keys. A response and its assertion against
    /// eight keys each.
    pub max_signature_checks: u32,
}

impl Limits {
    /// The limits that apply unless the configuration narrows them.
    pub const DEFAULT: Self = Self {
        max_body_bytes: 1024 * 1024,
        max_xml_bytes: 512 * 1024,
        max_xml_depth: 48,
        max_xml_nodes: 20_000,
        max_xml_attributes: 40,
        max_xml_prefixes: 40,
        max_inflated_bytes: 64 * 1024,
        max_signature_checks: 16,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A counter that only goes down; threaded through work whose amount the sender chooses.
#[derive(Debug)]
pub struct Budget {
    left: u32,
}

/// The sender asked for more work than the budget allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetExceeded;

impl fmt::Display for BudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message asks for more work than the limit allows")
    }
}

impl Budget {
    /// A budget of `units`.
    #[must_use]
    pub const fn new(units: u32) -> Self {
        Self { left: units }
    }

    /// Takes one unit.
    ///
    /// # Errors
    /// [`BudgetExceeded`] when none is left.
    pub fn spend(&mut self) -> Result<(), BudgetExceeded> {
        self.left = self.left.checked_sub(1).ok_or(BudgetExceeded)?;
        Ok(())
    }
}
