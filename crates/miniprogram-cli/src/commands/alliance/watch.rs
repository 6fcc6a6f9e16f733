//! Prints changes as they are published, one line each.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::{Error, ErrorKind, EventKind, Outcome};
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, Notify};

use super::WATCH;
use crate::cli::AllianceWatch;
use crate::context::{Context, interrupted};
use crate::failure::{Failure, Finish};
use crate::output::Output;
use crate::vendors::alliance::{
    Alliance, AllianceQuery, AllianceReader, Listener, Notification, Topic, Unreadable,
};
use crate::vendors::redact::Redactor;

/// Watches until it is interrupted, idle for too long, or has printed enough.
pub(super) async fn run(
    context: &Context,
    alliance: &dyn Alliance,
    args: AllianceWatch,
) -> Result<Finish, Failure> {
    let member = args.reread.then(|| context.member(args.credentials, false)).transpose()?;
    let printer = Arc::new(Printer {
        output: context.output,
        reader: member.map(|member| alliance.join(member)).transpose()?,
        letters: args.dead_letters.as_deref().map(open).transpose()?.map(std::sync::Mutex::new),
        max: args.max,
        printed: Mutex::default(),
        sign: Notify::new(),
        enough: Notify::new(),
        is_over: AtomicBool::new(false),
        redactor: context.vendors().redactor(),
    });
    let topic =
        Topic { brokers: args.brokers, topic: args.topic, group: args.group, properties: args.property };
    // The reader of the first line may stop the process at once: catch the signal before printing it.
    let stop = stop(Arc::clone(&printer), interrupted(), args.until_idle);
    let watched = alliance.watch(topic, Arc::<Printer>::clone(&printer), Box::pin(stop)).await;
    match printer.printed.lock().await.failure.take() {
        Some(failure) => Err(failure),
        None => Ok(watched.map(|()| Finish::Done).map_err(|error| error.with_operation(WATCH))?),
    }
}

/// Completes when watching should end.
async fn stop(printer: Arc<Printer>, interrupted: impl Future<Output = ()>, idle: Option<Duration>) {
    let idle = async {
        let Some(idle) = idle else { return std::future::pending().await };
        loop {
            tokio::select! {
                biased;
                () = printer.sign.notified() => {}
                () = SystemClock.deadline(idle) => return,
            }
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = idle => {}
        () = printer.enough.notified() => {}
    }
    printer.is_over.store(true, Ordering::Relaxed);
}

/// Prints notifications, one at a time whatever their partition.
struct Printer {
    output: Output,
    reader: Option<Arc<dyn AllianceReader>>,
    letters: Option<std::sync::Mutex<File>>,
    max: Option<u64>,
    printed: Mutex<Printed>,
    /// Something has arrived, or was handled.
    sign: Notify,
    /// Enough has been printed.
    enough: Notify,
    is_over: AtomicBool,
    redactor: Redactor,
}

/// What has been printed so far, and why nothing more will be.
#[derive(Default)]
struct Printed {
    notices: u64,
    failure: Option<Failure>,
}

#[async_trait]
impl Listener for Printer {
    async fn notified(&self, notice: Notification) -> Result<(), Error> {
        let mut printed = self.printed.lock().await;
        self.sign.notify_one();
        if self.is_over.load(Ordering::Relaxed)
            || printed.failure.is_some()
            || Some(printed.notices) == self.max
        {
            return Err(Error::new(ErrorKind::Cancelled, WATCH).with_detail("left for the next run"));
        }
        let mut line = line(&notice, &self.redactor);
        if let Some(reader) = &self.reader
            && let Err(error) = reread(&**reader, &notice, &mut line).await
        {
            if error.is_retryable() {
                self.output.remark(&format!("still reading: {error}"));
                return Err(error);
            }
            return Err(self.end(&mut printed, error.into()));
        }
        if let Err(failure) = self.output.json(&line) {
            return Err(self.end(&mut printed, failure));
        }
        printed.notices += 1;
        if Some(printed.notices) == self.max {
            self.enough.notify_one();
        }
        self.sign.notify_one();
        Ok(())
    }

    async fn unreadable(&self, record: Unreadable) -> Result<(), Error> {
        self.sign.notify_one();
        let line = letter(&record);
        let kept = match &self.letters {
            Some(file) => {
                let file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                append(&file, &line)
            }
            None => writeln!(std::io::stderr().lock(), "{}", json!({ "unreadable": line })),
        };
        let Unreadable { topic, partition, offset, reason, .. } = record;
        match kept {
            Ok(()) if self.letters.is_some() => {
                self.output.remark(&format!("set aside: {topic} {partition} {offset}: {reason}"));
                Ok(())
            }
            Ok(()) => Ok(()),
            Err(problem) => {
                self.output.remark(&format!("cannot be set aside, will be retried: {problem}"));
                Err(Error::new(ErrorKind::Store, WATCH).with_detail(problem.to_string()))
            }
        }
    }
}

impl Printer {
    /// Nothing is printed after a permanent failure: what was not printed is delivered again.
    fn end(&self, printed: &mut Printed, failure: Failure) -> Error {
        printed.failure = Some(failure);
        self.enough.notify_one();
        Error::new(ErrorKind::Cancelled, WATCH).with_outcome(Outcome::NotDone)
    }
}

/// A notification as it is printed.
fn line(notice: &Notification, redactor: &Redactor) -> Map<String, Value> {
    let event = &notice.event;
    let code = event.raw_event.parse::<i64>().map_or_else(|_| Value::from(&*event.raw_event), Value::from);
    let mut line = Map::from_iter([("code".to_owned(), code), ("kind".to_owned(), json!(event.kind))]);
    if let Some(app) = &event.app_id {
        line.insert("app_id".to_owned(), app.as_str().into());
    }
    if let Some(package) = &event.package_id {
        line.insert("package_id".to_owned(), package.as_str().into());
    }
    line.insert("topic".to_owned(), notice.topic.as_str().into());
    line.insert("partition".to_owned(), notice.partition.into());
    line.insert("offset".to_owned(), notice.offset.into());
    if event.kind == EventKind::Unknown {
        line.insert("payload".to_owned(), redactor.payload(event.payload.clone()));
    }
    line
}

/// Reads what has changed. An app that the vendor no longer shows is `null`.
async fn reread(
    reader: &dyn AllianceReader,
    notice: &Notification,
    line: &mut Map<String, Value>,
) -> Result<(), Error> {
    let Some(app) = notice.event.app_id.clone() else { return Ok(()) };
    let (name, found) = match (notice.event.kind, notice.event.package_id.clone()) {
        (EventKind::AppChanged, _) => {
            let mut apps = reader.read(AllianceQuery::Apps(vec![app])).await?;
            ("app", apps.get_mut(0).map(Value::take).unwrap_or_default())
        }
        (EventKind::PackageChanged, Some(package)) => {
            ("package", reader.read(AllianceQuery::Package(app, package)).await?)
        }
        (EventKind::PackageChanged, None) => ("packages", reader.read(AllianceQuery::Packages(app)).await?),
        _ => return Ok(()),
    };
    line.insert(name.to_owned(), found);
    Ok(())
}

/// An unreadable record as it is kept: bytes that are not text as hexadecimal digits.
fn letter(record: &Unreadable) -> Value {
    let mut letter = json!({
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "reason": record.reason,
    });
    for (name, bytes) in [("key", &record.key), ("payload", &record.payload)] {
        match bytes.as_deref().map(std::str::from_utf8) {
            None => {}
            Some(Ok(text)) => letter[name] = text.into(),
            Some(Err(_)) => letter[format!("{name}_hex")] = hexadecimal(bytes.iter().flatten()).into(),
        }
    }
    letter
}

fn hexadecimal<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

fn open(file: &str) -> Result<File, Error> {
    File::options().create(true).append(true).open(file).map_err(|problem| {
        Error::invalid(WATCH, "dead_letters", format!("{file} cannot be opened: {problem}"))
    })
}

/// Appends a line to a file, durable before the record counts as handled.
fn append(mut file: &File, line: &Value) -> std::io::Result<()> {
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_kept_byte_by_byte() {
        let record = Unreadable {
            key: Some(b"k".to_vec()),
            payload: Some(vec![0xff, 0x00, b'a']),
            topic: "changes".to_owned(),
            partition: 1,
            offset: 7,
            reason: "the payload is not UTF-8".to_owned(),
        };
        let letter = letter(&record);
        assert_eq!((&letter["key"], &letter["payload_hex"]), (&json!("k"), &json!("ff0061")));
        assert!(letter.get("payload").is_none());
    }
}
