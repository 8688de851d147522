//! What every command's help has: examples that are commands, and paragraphs that break where the terminal does.

use super::{Arguments, EXIT_CODES, parse_from};
use clap::{Command, CommandFactory};

/// Every command and subcommand, with the words that call it.
fn commands() -> Vec<(String, Command)> {
    let mut all = vec![("mmreap".to_string(), Arguments::command())];
    let mut at = 0;
    while let Some((name, command)) = all.get(at).cloned() {
        let below =
            command.get_subcommands().map(|it| (format!("{name} {}", it.get_name()), it.clone()));
        all.extend(below);
        at += 1;
    }
    all
}

fn after(command: &Command) -> String {
    command.get_after_help().map(ToString::to_string).unwrap_or_default()
}

/// The commands of the examples, without the remarks behind them.
fn examples(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    lines.map(|line| line.trim_start().split("  ").next().unwrap_or_default()).collect()
}

#[test]
fn every_command_has_examples_that_are_commands() {
    let commands = commands();
    assert!(commands.len() >= 15, "{} commands", commands.len());
    for (name, command) in commands {
        let help = after(&command);
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{name} has no examples");
        for example in examples {
            assert!(example.contains(&name), "{name}: {example}");
            // A shell sees to variables and to where output goes.
            let words = example.split(' ').skip_while(|word| *word != "mmreap");
            let words = words.take_while(|word| !word.starts_with('>'));
            parse_from(words).unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }
}

#[test]
fn paragraphs_are_not_broken_by_hand() {
    for (name, command) in commands() {
        for paragraph in after(&command).split("\n\n") {
            let is_list =
                paragraph.starts_with("Examples:") || paragraph.starts_with("Exit codes:");
            assert!(is_list || !paragraph.contains('\n'), "{name}: {paragraph}");
        }
    }
}

#[test]
fn exit_codes_are_in_the_readme() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(path).expect("there is a README");
    assert!(
        readme.contains(&format!("```text\n{EXIT_CODES}\n```\n")),
        "it has to have\n{EXIT_CODES}"
    );
    for (name, command) in commands().into_iter().skip(1) {
        assert!(!after(&command).contains("Exit codes:"), "{name}: they are in one place");
    }
}
