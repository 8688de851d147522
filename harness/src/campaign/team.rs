//! A team: workers on one directory, each a process of its own.
//!
//! Processes and not threads, because a world belongs to an OS thread, a failing run may leave memory behind,
//! and a worker that dies takes nobody with it. They talk by lines of JSON on their standard output, and work
//! until they are done or their standard input is closed; so they also end when the team's process is killed.

use super::worker::Event;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// What is heard of a member.
#[derive(Debug)]
pub enum News {
    /// What it tells.
    Event(Event),
    /// It has ended.
    Ended(ExitStatus),
}

/// Workers.
pub struct Team {
    /// Who is told to stop by closing this.
    inputs: Vec<Option<ChildStdin>>,
    news: Receiver<(usize, News)>,
    at_work: usize,
}

impl Team {
    /// Starts one worker per command. If one cannot be started, the others stop.
    pub fn start(commands: impl IntoIterator<Item = Command>) -> io::Result<Self> {
        let (sender, news) = channel();
        let mut inputs = Vec::new();
        for (number, mut command) in commands.into_iter().enumerate() {
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            inputs.push(child.stdin.take());
            let sender = sender.clone();
            thread::Builder::new().spawn(move || listen(number, child, &sender))?;
        }
        let at_work = inputs.len();
        Ok(Team { inputs, news, at_work })
    }

    /// Tells every member to stop. They finish what they write.
    pub fn stop(&mut self) {
        self.inputs.iter_mut().for_each(|input| drop(input.take()));
    }

    /// Members that have not ended.
    pub fn at_work(&self) -> usize {
        self.at_work
    }

    /// What is heard next, and of which member, if anything is heard before so much time has passed.
    pub fn hear(&mut self, patience: Duration) -> Option<(usize, News)> {
        let news = self.news.recv_timeout(patience).ok()?;
        self.at_work -= usize::from(matches!(news.1, News::Ended(_)));
        Some(news)
    }
}

/// Passes on what a member tells, and how it ended. Nobody may be left to hear it.
fn listen(number: usize, mut child: Child, sender: &Sender<(usize, News)>) {
    let output = child.stdout.take().expect("it was asked for");
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    for event in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
        let _ = sender.send((number, News::Event(event)));
    }
    if let Ok(status) = child.wait() {
        let _ = sender.send((number, News::Ended(status)));
    }
}
