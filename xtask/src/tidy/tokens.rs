//! A Rust file as a flat list of tokens with their lines. Comments are gone and literals are empty, so
//! that a rule sees code only.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// The tokens; `Err` is the line at which the text is no Rust.
pub(super) fn lex(text: &str) -> Result<Vec<Token>, usize> {
    let stream = text
        .parse::<TokenStream>()
        .map_err(|error| error.span().start().line)?;
    let mut tokens = Vec::new();
    flatten(stream, &mut tokens);
    Ok(tokens)
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let token = |text: String, span: Span| Token {
        text,
        line: span.start().line,
    };
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(token(open.to_owned(), group.span_open()));
                flatten(group.stream(), tokens);
                tokens.push(token(close.to_owned(), group.span_close()));
            }
            TokenTree::Ident(ident) => tokens.push(token(ident.to_string(), ident.span())),
            TokenTree::Punct(punct) => tokens.push(token(punct.as_char().to_string(), punct.span())),
            TokenTree::Literal(literal) => tokens.push(token(String::new(), literal.span())),
        }
    }
}

/// Whether the tokens begin with these, written with spaces between them: `"Utc : : now"`.
pub(super) fn begins_with(tokens: &[Token], pattern: &str) -> bool {
    let mut rest = tokens.iter();
    pattern
        .split(' ')
        .all(|expected| rest.next().is_some_and(|token| token.text == expected))
}
