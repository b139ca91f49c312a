//! Mail templates that an operator brings along: a directory for each letter with `subject`, `html` and perhaps
//! `text`, in the part of EJS that mails need: `<%= name %>`.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use clavis_flows::LinkAction;

use super::letters::NAMES;
use super::magic_link;
use super::settings::SettingsError;

/// What a template can name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variables<'a> {
    pub(super) display_name: &'a str,
    pub(super) ticket: &'a str,
    pub(super) url: &'a str,
    /// Where to use the ticket; `None` when there is no such page.
    pub(super) link: Option<&'a str>,
    /// What a link that logs in is for; `None` in letters without one.
    pub(super) action: Option<LinkAction>,
}

impl Variables<'_> {
    /// What a link is for, as people say it.
    pub(super) fn action(&self) -> &'static str {
        match self.action {
            Some(LinkAction::LogIn) => "log in",
            Some(LinkAction::Register) => "register",
            None => "",
        }
    }
}

/// One letter's templates.
#[derive(Debug)]
pub(super) struct OwnTemplate {
    subject: Option<Vec<Piece>>,
    html: Vec<Piece>,
    text: Option<Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Variable(Variable),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    DisplayName,
    Ticket,
    Url,
    Link,
    Action,
    ActionUrl,
}

impl Variable {
    fn value<'a>(self, variables: &Variables<'a>) -> &'a str {
        match self {
            Self::DisplayName => variables.display_name,
            Self::Ticket => variables.ticket,
            Self::Url => variables.url,
            Self::Link => variables.link.unwrap_or(variables.url),
            Self::Action => variables.action(),
            Self::ActionUrl => variables.action.map(magic_link::name).unwrap_or_default(),
        }
    }
}

impl OwnTemplate {
    /// The subject, on one line.
    pub(super) fn subject(&self, variables: &Variables<'_>) -> Option<String> {
        let subject = render(self.subject.as_ref()?, variables, ToOwned::to_owned);
        Some(
            subject
                .split(|c: char| c.is_whitespace() || c.is_control())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
        )
    }

    pub(super) fn html(&self, variables: &Variables<'_>) -> String {
        render(&self.html, variables, escape)
    }

    pub(super) fn text(&self, variables: &Variables<'_>) -> Option<String> {
        Some(render(self.text.as_ref()?, variables, ToOwned::to_owned))
    }
}

/// Reads a directory of templates. A letter without a directory keeps our own words.
pub(super) fn read(directory: &Path) -> Result<HashMap<&'static str, OwnTemplate>, SettingsError> {
    if !directory.is_dir() {
        return Err(refused(directory, "expected a directory"));
    }
    let mut templates = HashMap::new();
    for name in NAMES {
        let mut folder = directory.join(name);
        // The name before the documentation settled on another.
        if name == "lost-password" && !folder.is_dir() {
            folder = directory.join("change-password");
        }
        if folder.is_dir() {
            let html = part(&folder, &["html.ejs", "html.html"])?
                .ok_or_else(|| refused(&folder, "expected a file html.ejs"))?;
            let subject = part(&folder, &["subject.ejs", "subject.txt"])?;
            let text = part(&folder, &["text.ejs", "text.txt"])?;
            templates.insert(name, OwnTemplate { subject, html, text });
        }
    }
    if templates.is_empty() {
        return Err(refused(
            directory,
            format_args!("expected a directory named as one of {}", NAMES.join(", ")),
        ));
    }
    Ok(templates)
}

fn part(folder: &Path, names: &[&str]) -> Result<Option<Vec<Piece>>, SettingsError> {
    for name in names {
        let path = folder.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => return parse(&text).map(Some).map_err(|problem| refused(&path, problem)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(refused(&path, error)),
        }
    }
    Ok(None)
}

fn refused(path: &Path, problem: impl std::fmt::Display) -> SettingsError {
    SettingsError::new("templates_dir", format!("{}: {problem}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Piece>, String> {
    let (first, tags) = text
        .split_once("<%")
        .map_or((text, None), |(first, tags)| (first, Some(tags)));
    let mut pieces = vec![Piece::Literal(first.to_owned())];
    for tag in tags.into_iter().flat_map(|tags| tags.split("<%")) {
        let (inside, after) = tag.split_once("%>").ok_or("a tag <% has no end %>")?;
        let name = inside
            .strip_prefix(['=', '-'])
            .ok_or_else(|| only_variables(inside))?
            .trim();
        let variable = match name {
            "display_name" => Variable::DisplayName,
            "ticket" | "token" => Variable::Ticket,
            "url" => Variable::Url,
            "link" => Variable::Link,
            "action" => Variable::Action,
            "action_url" => Variable::ActionUrl,
            _ => return Err(only_variables(inside)),
        };
        pieces.extend([Piece::Variable(variable), Piece::Literal(after.to_owned())]);
    }
    Ok(pieces)
}

fn only_variables(inside: &str) -> String {
    let inside = inside.trim();
    format!(
        "<%{inside}%>: expected <%= with display_name, ticket, token, url, link, action or action_url, and nothing else"
    )
}

fn render(pieces: &[Piece], variables: &Variables<'_>, spell: impl Fn(&str) -> String) -> String {
    let pieces = pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Variable(variable) => spell(variable.value(variables)),
    });
    pieces.collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIABLES: Variables<'static> = Variables {
        display_name: "<Ann>\n",
        ticket: "t",
        url: "https://x",
        link: None,
        action: None,
    };

    #[test]
    fn a_placeholder_becomes_its_value_and_html_is_escaped() {
        let pieces =
            parse("Hi <%= display_name %>, <a href='<%=url%>/a?t=<%- ticket %>'>go</a> <%= link %>").unwrap();
        let html = render(&pieces, &VARIABLES, escape);
        assert_eq!(
            html,
            "Hi &lt;Ann&gt;\n, <a href='https://x/a?t=t'>go</a> https://x"
        );
    }

    #[test]
    fn a_subject_is_one_line() {
        let subject = Some(parse("For <%= display_name %>\r\nBcc: eve\n").unwrap());
        let template = OwnTemplate {
            subject,
            html: Vec::new(),
            text: None,
        };
        assert_eq!(
            template.subject(&VARIABLES).as_deref(),
            Some("For <Ann> Bcc: eve")
        );
    }

    #[test]
    fn code_and_unknown_names_are_refused() {
        for text in [
            "<% if (x) { %>",
            "<%= x %>",
            "<%= ticket",
            "<%= ticket.length %>",
            "<%# ticket %>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_directory_is_read_and_checked() {
        let directory = std::env::temp_dir().join(format!("clavis-templates-{}", std::process::id()));
        let folder = directory.join("change-password");
        fs::create_dir_all(&folder).unwrap();
        let problem = |directory: &Path| read(directory).unwrap_err().to_string();
        assert!(problem(&directory).contains("change-password: expected a file html.ejs"));
        fs::write(folder.join("html.ejs"), "<p><%= ticket %></p>").unwrap();
        fs::write(folder.join("subject.ejs"), "New password\n").unwrap();
        let templates = read(&directory).unwrap();
        let own = templates.get("lost-password").unwrap();
        assert_eq!(own.html(&VARIABLES), "<p>t</p>");
        assert_eq!(own.subject(&VARIABLES).as_deref(), Some("New password"));
        assert_eq!(own.text(&VARIABLES), None);
        fs::write(folder.join("html.ejs"), "<% evil() %>").unwrap();
        assert!(problem(&directory).contains("html.ejs: <%evil()%>: expected"));
        fs::remove_dir_all(&directory).unwrap();
        assert!(problem(&directory).ends_with("expected a directory"));
    }
}
