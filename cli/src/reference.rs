//! The man page and docs/cli.md, made from the definitions of the arguments.

use clap::{Command, CommandFactory as _};

use crate::arguments::Arguments;
use crate::failure::Failure;

/// One man page with every command in it.
pub(crate) fn man() -> Result<String, Failure> {
    let mut page = Vec::new();
    let mut command = Arguments::command().flatten_help(true);
    command.build();
    clap_mangen::Man::new(command).render(&mut page).map_err(Failure::new)?;
    String::from_utf8(page).map_err(Failure::new)
}

/// docs/cli.md.
#[must_use]
pub fn markdown() -> String {
    let mut root = Arguments::command();
    root.build();
    let mut text = String::from(include_str!("reference.md"));
    help(&mut root, &mut text);
    let names: Vec<String> = root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for name in names.iter().filter(|name| *name != "help") {
        if let Some(command) = root.find_subcommand_mut(name) {
            help(command, &mut text);
        }
    }
    text
}

fn help(command: &mut Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!("\n### `{name}`\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
}
