//! From words to a condition: `or` binds less than `and`, `and` less than `not` (RFC 7644 3.4.2.2, figure 1).

use core::iter::Peekable;
use std::vec::IntoIter;

use super::lexer::{Token, tokens};
use super::{Error, Limits, Literal, Node, Operator, Test};
use crate::base::{Budget, UnixTime};
use crate::scim::path::{Name, NameError, is_name};
use crate::scim::schema::{Attribute, Kind, Mutability, ResourceKind};

/// What names in a filter mean.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    /// Attributes of a resource.
    Resource(ResourceKind),
    /// Sub-attributes of one attribute.
    Value(&'static Attribute),
}

pub(super) fn parse(scope: Scope, text: &str, limits: &Limits) -> Result<Node, Error> {
    if text.len() > limits.max_filter_bytes {
        return Err(Error::TooLarge { what: "bytes of a filter", limit: limits.max_filter_bytes });
    }
    let terms = u32::try_from(limits.max_filter_terms).unwrap_or(u32::MAX);
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
        terms: Budget::new(terms),
        max_terms: limits.max_filter_terms,
        max_depth: limits.max_filter_depth,
    };
    let node = parser.or(scope, 0)?;
    match parser.tokens.next() {
        None => Ok(node),
        Some(_) => Err(refused("the filter goes on where it should end")),
    }
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    terms: Budget,
    max_terms: usize,
    max_depth: usize,
}

impl Parser {
    fn or(&mut self, scope: Scope, depth: usize) -> Result<Node, Error> {
        if depth > self.max_depth {
            return Err(Error::TooLarge { what: "levels of a filter", limit: self.max_depth });
        }
        let first = self.and(scope, depth)?;
        let mut nodes = vec![first];
        while self.takes_word("or") {
            nodes.push(self.and(scope, depth)?);
        }
        Ok(one_or(nodes, Node::Or))
    }

    fn and(&mut self, scope: Scope, depth: usize) -> Result<Node, Error> {
        let first = self.unary(scope, depth)?;
        let mut nodes = vec![first];
        while self.takes_word("and") {
            nodes.push(self.unary(scope, depth)?);
        }
        Ok(one_or(nodes, Node::And))
    }

    fn unary(&mut self, scope: Scope, depth: usize) -> Result<Node, Error> {
        let deeper = depth.saturating_add(1);
        match self.tokens.next() {
            Some(Token::Open) => self.closed(scope, deeper),
            Some(Token::Word(word))
                if word.eq_ignore_ascii_case("not") && self.tokens.peek() == Some(&Token::Open) =>
            {
                self.tokens.next();
                Ok(Node::Not(Box::new(self.closed(scope, deeper)?)))
            }
            Some(Token::Word(word)) => self.term(scope, &word, deeper),
            _ => Err(refused("the filter lacks the name of an attribute")),
        }
    }

    fn closed(&mut self, scope: Scope, depth: usize) -> Result<Node, Error> {
        let node = self.or(scope, depth)?;
        match self.tokens.next() {
            Some(Token::Close) => Ok(node),
            _ => Err(refused("a parenthesis in the filter is not closed")),
        }
    }

    fn term(&mut self, scope: Scope, word: &str, depth: usize) -> Result<Node, Error> {
        let limit = self.max_terms;
        self.terms.spend().map_err(|_| Error::TooLarge { what: "comparisons of a filter", limit })?;
        let name = named(scope, word)?;
        if self.tokens.peek() != Some(&Token::OpenBracket) {
            let test = self.test(leaf(&name)?)?;
            return Ok(Node::Test(name, test));
        }
        self.tokens.next();
        let attribute = name.attribute.filter(|attribute| attribute.multi_valued && name.sub.is_none());
        let (Some(attribute), Scope::Resource(_)) = (attribute, scope) else {
            return Err(refused("brackets follow what has no several values"));
        };
        let inner = Box::new(self.or(Scope::Value(attribute), depth)?);
        if self.tokens.next() != Some(Token::CloseBracket) {
            return Err(refused("a bracket in the filter is not closed"));
        }
        let then = self.after_brackets(attribute)?;
        Ok(Node::Within { name, inner, then })
    }

    /// `.sub op value` behind the brackets, which the RFC does not have and Entra ID sends.
    fn after_brackets(
        &mut self,
        attribute: &'static Attribute,
    ) -> Result<Option<(Option<&'static Attribute>, Test)>, Error> {
        let sub = match self.tokens.peek() {
            Some(Token::Word(word)) => word.strip_prefix('.').map(str::to_owned),
            _ => None,
        };
        let Some(sub) = sub else { return Ok(None) };
        self.tokens.next();
        let sub = attribute.sub(&sub).ok_or_else(unknown)?;
        Ok(Some((Some(sub), self.test(Some(sub))?)))
    }

    /// The operator and its value; `leaf` is what is compared, `None` where only presence can be asked for.
    fn test(&mut self, leaf: Option<&'static Attribute>) -> Result<Test, Error> {
        let Some(Token::Word(word)) = self.tokens.next() else {
            return Err(refused("the filter lacks an operator"));
        };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Test::Present);
        }
        let operator = Operator::parse(&word).ok_or_else(|| refused("the filter has an unknown operator"))?;
        let leaf = leaf.ok_or_else(|| refused("an attribute without a value of its own is compared"))?;
        let literal = match self.tokens.next() {
            Some(Token::Quoted(text)) => literal(leaf, operator, &text)?,
            Some(Token::Word(word)) if word == "null" => match operator {
                Operator::Eq | Operator::Ne => Literal::Null,
                _ => return Err(refused("`null` is compared for order")),
            },
            // Without quotes, as in samples of Entra ID: `members[value eq abc]`.
            Some(Token::Word(word)) if is_bare(&word) => literal(leaf, operator, &word)?,
            _ => return Err(refused("the filter lacks a value")),
        };
        Ok(Test::Compare(operator, literal))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_next =
            matches!(self.tokens.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        if is_next {
            self.tokens.next();
        }
        is_next
    }
}

impl Operator {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "co" => Self::Co,
            "sw" => Self::Sw,
            "ew" => Self::Ew,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }
}

fn named(scope: Scope, word: &str) -> Result<Name, Error> {
    match scope {
        Scope::Resource(kind) => Name::resolve(kind, word).map_err(|error| match error {
            NameError::Malformed => refused("the filter has a malformed name"),
            NameError::UnknownSchema | NameError::UnknownAttribute => unknown(),
        }),
        Scope::Value(attribute) if is_name(word) => {
            let sub = attribute.sub(word).ok_or_else(unknown)?;
            Ok(Name { extension: None, attribute: Some(sub), sub: None })
        }
        Scope::Value(_) => Err(refused("the filter has a malformed name")),
    }
}

/// What is compared when `name` is: the sub-attribute, the attribute, or its `value` (RFC 7644 3.4.2.2).
pub(super) fn leaf(name: &Name) -> Result<Option<&'static Attribute>, Error> {
    let Some(attribute) = name.attribute else { return Ok(None) };
    let leaf = match (name.sub, attribute.kind) {
        (Some(sub), _) => Some(sub),
        (None, Kind::Complex(_)) => attribute.sub("value"),
        (None, _) => Some(attribute),
    };
    // Nobody finds out by questions what is never shown.
    if leaf.is_some_and(|leaf| leaf.mutability == Mutability::WriteOnly) {
        return Err(refused("an attribute that is never shown is compared"));
    }
    Ok(leaf)
}

/// The value of a comparison, in the type of the attribute.
fn literal(leaf: &Attribute, operator: Operator, text: &str) -> Result<Literal, Error> {
    let ordered = !matches!(operator, Operator::Eq | Operator::Ne);
    match leaf.kind {
        Kind::Boolean | Kind::Binary if ordered => Err(refused("what has no order is compared for order")),
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Ok(Literal::Boolean(true)),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Ok(Literal::Boolean(false)),
        Kind::Boolean => Err(refused("a boolean is compared with a text")),
        Kind::DateTime => match (operator, UnixTime::parse_xs_date_time(text)) {
            (Operator::Co | Operator::Sw | Operator::Ew, _) | (_, None) => {
                Err(refused("a date is compared with what is none"))
            }
            (_, Some(instant)) => Ok(Literal::Instant(instant)),
        },
        _ => {
            let compared = if leaf.case_exact { text.to_owned() } else { crate::scim::fold(text) };
            Ok(Literal::Text { written: text.to_owned(), compared })
        }
    }
}

/// A value that can stand without quotes.
fn is_bare(word: &str) -> bool {
    word.chars().all(|character| character.is_ascii_alphanumeric() || "-._@+:".contains(character))
}

fn one_or(mut nodes: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match (nodes.pop(), nodes.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            nodes.extend(last);
            several(nodes)
        }
    }
}

fn unknown() -> Error {
    refused("the filter names an unknown attribute")
}

fn refused(finding: &str) -> Error {
    Error::Filter { finding: finding.to_owned() }
}
