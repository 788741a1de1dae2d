//! The words of a filter.

use super::Error;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    /// A name, an operator, or a value without quotes.
    Word(String),
    /// A JSON string, without its quotes and escapes.
    Quoted(String),
}

/// The words of `text`, whose length is bounded by the caller.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '[' => (Token::OpenBracket, 1),
            ']' => (Token::CloseBracket, 1),
            '"' => quoted(rest)?,
            _ => {
                let ends = |character: char| character.is_whitespace() || "()[]\"".contains(character);
                let length = rest.find(ends).unwrap_or(rest.len());
                (Token::Word(rest.get(..length).unwrap_or_default().to_owned()), length)
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// The JSON string that `text` begins with (RFC 8259 7), and its length with quotes.
fn quoted(text: &str) -> Result<(Token, usize), Error> {
    let unterminated = || Error::Filter { finding: String::from("a text in the filter does not end") };
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, character)| {
        let ends = *character == '"' && !escaped;
        escaped = *character == '\\' && !escaped;
        ends
    });
    let length = end.map(|(index, _)| index.saturating_add(1)).ok_or_else(unterminated)?;
    let json = text.get(..length).ok_or_else(unterminated)?;
    let value = serde_json::from_str(json)
        .map_err(|_| Error::Filter { finding: String::from("a text in the filter is no JSON string") })?;
    Ok((Token::Quoted(value), length))
}
