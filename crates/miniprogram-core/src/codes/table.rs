use std::fmt::Write;

use super::{Certainty, CodeRow, Explanation, Meaning};
use crate::advice::Language;
use crate::vendor::Vendor;
use crate::vendor_error::Code;

/// A vendor's error codes. This is public data: callers can list the codes, and a snapshot shows the whole table.
#[derive(Debug)]
pub struct CodeTable {
    vendor: Vendor,
    name: &'static str,
    groups: &'static [&'static [CodeRow]],
}

impl CodeTable {
    /// Creates a table of a vendor, with one group of rows per chapter of its source. The name distinguishes the
    /// tables of a vendor (`errno`, `gateway`, `oauth`, …).
    #[must_use]
    pub const fn new(vendor: Vendor, name: &'static str, groups: &'static [&'static [CodeRow]]) -> Self {
        Self { vendor, name, groups }
    }

    /// Returns the vendor that the table belongs to.
    #[must_use]
    pub const fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// Returns the table's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns every row.
    pub fn rows(&self) -> impl Iterator<Item = &'static CodeRow> + use<> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// Returns the row of a code: the one for this operation, otherwise the one for all operations, otherwise
    /// none.
    #[must_use]
    pub fn find(&self, code: &Code, operation: Option<&str>) -> Option<&'static CodeRow> {
        let rows = || self.rows().filter(|row| row.is(code));
        operation
            .and_then(|operation| rows().find(|row| row.applies_to(operation)))
            .or_else(|| rows().find(|row| !row.is_limited()))
    }

    /// Returns what a code means: the result of `explain`. An unlisted code is of kind `vendor`. Without an
    /// operation the result also includes what the code means for specific operations.
    #[must_use]
    pub fn explain(&self, code: &Code, operation: Option<&str>) -> Explanation {
        let row = self.find(code, operation);
        let mut explanation = Explanation::new(self.vendor, code.clone(), row.map(|row| (self.name, row)));
        if operation.is_none() {
            let others = self.rows().filter(|row| row.is(code) && row.is_limited());
            explanation.also = others.map(Meaning::of).collect();
        }
        explanation
    }

    /// Returns what is wrong with the rows, one sentence each; nothing if the table is sound.
    ///
    /// Every code must have a row for all operations, no two rows may apply to the same code and operation, and
    /// every row must have a message and advice.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (index, row) in self.rows().enumerate() {
            let mut say = |what: &str| wrong.push(format!("{} {}: {what}", self.name, row.code()));
            let shared = |other: &CodeRow| row.operations().iter().any(|one| other.applies_to(one));
            let both_for_all = |other: &CodeRow| !row.is_limited() && !other.is_limited();
            let mut before = self.rows().take(index).filter(|other| other.code() == row.code());
            if before.any(|other| both_for_all(other) || shared(other)) {
                say("two rows answer the same question");
            }
            if self.find(&row.code(), None).is_none() {
                say("no row holds for all operations");
            }
            if row.meaning.is_empty() {
                say("the meaning is empty");
            }
            for language in Language::ALL {
                let advice = row.advice_in(language);
                if advice.is_empty() || advice.ends_with(['.', '。']) || advice.contains(char::is_control) {
                    say(&format!("the advice in {language} is not one sentence without a full stop"));
                }
            }
        }
        wrong
    }

    /// Renders the whole table as text: a line for each row, followed by the advice in each language.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("{} {}\n", self.vendor, self.name);
        for row in self.rows() {
            let operations = if row.is_limited() { row.operations().join(",") } else { "*".to_owned() };
            let open = if row.certainty() == Certainty::Open { "open" } else { "refused" };
            let _ = writeln!(
                text,
                "{} | {operations} | {} | {} | {open} | {} | {}",
                row.code(),
                row.kind.as_str(),
                row.retry_rule(),
                row.owner_of_move(),
                row.meaning
            );
            for language in Language::ALL {
                let _ = writeln!(text, "    {language}  {}", row.advice_in(language));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::{Advice, Owner};
    use crate::endpoint::Endpoint;
    use crate::error_kind::ErrorKind;

    const ACME: Vendor = Vendor::new("acme");
    static WITHDRAW: Endpoint = Endpoint::post("withdraw", "/withdraw");
    static X: Endpoint = Endpoint::get("x", "/x").also(&["y"]);
    static Y: Endpoint = Endpoint::get("y", "/y").also(&["z"]);
    const ASK: Advice = Advice::new("ask `latest_audit`", "请查询 `latest_audit`");

    static SOUND: CodeTable = CodeTable::new(
        ACME,
        "code",
        &[
            &[CodeRow::new(1, ErrorKind::Unavailable, "busy").open()],
            &[
                CodeRow::new(7, ErrorKind::Conflict, "not now").owner(Owner::Merchant),
                CodeRow::new(7, ErrorKind::NotFound, "no audit").only(&[&WITHDRAW]).advice(ASK),
            ],
        ],
    );

    #[test]
    fn a_rendered_table_shows_everything_a_row_says() {
        insta::assert_snapshot!(SOUND.render(), @r"
        acme code
        1 | * | unavailable | backoff | open | vendor | busy
            en  repeat later; after an effect, read the current state or settle its intent first
            zh  请稍后重试；写操作须先确认上一次的结果
        7 | * | conflict | after_change | refused | merchant | not now
            en  read the current state, then decide
            zh  请先查询当前状态，再决定下一步操作
        7 | withdraw,/withdraw | not_found | after_change | refused | platform | no audit
            en  ask `latest_audit`
            zh  请查询 `latest_audit`
        ");
    }

    #[test]
    fn a_check_finds_what_is_wrong_with_the_rows() {
        static WRONG: CodeTable = CodeTable::new(
            ACME,
            "code",
            &[&[
                CodeRow::new(1, ErrorKind::Conflict, "a"),
                CodeRow::new(1, ErrorKind::Conflict, "b"),
                CodeRow::new(2, ErrorKind::Conflict, "c").only(&[&X]),
                CodeRow::new(2, ErrorKind::Conflict, "").only(&[&Y]),
                CodeRow::new(3, ErrorKind::Conflict, "d").advice(Advice::new("stop.", "停止。")),
                CodeRow::word("1", ErrorKind::Conflict, "e"),
            ]],
        );
        assert_eq!(SOUND.check(), [""; 0]);
        insta::assert_snapshot!(WRONG.check().join("\n"), @r"
        code 1: two rows answer the same question
        code 2: no row holds for all operations
        code 2: two rows answer the same question
        code 2: no row holds for all operations
        code 2: the meaning is empty
        code 3: the advice in en is not one sentence without a full stop
        code 3: the advice in zh is not one sentence without a full stop
        ");
    }

    #[test]
    fn without_an_operation_the_other_meanings_are_told() {
        let general = SOUND.explain(&7.into(), None);
        assert_eq!((general.kind, general.also.len()), (ErrorKind::Conflict, 1));
        assert_eq!(general.also[0].operations, ["withdraw", "/withdraw"]);
        assert_eq!((general.also[0].kind, general.also[0].meaning), (ErrorKind::NotFound, "no audit"));
        let asked = SOUND.explain(&7.into(), Some("withdraw"));
        assert_eq!((asked.advice, asked.also.len()), ("ask `latest_audit`", 0));
        assert_eq!(asked.in_language(Language::Chinese).advice, "请查询 `latest_audit`");
        let elsewhere = SOUND.explain(&7.into(), Some("release"));
        assert_eq!((elsewhere.kind, elsewhere.also.len()), (ErrorKind::Conflict, 0));
        let unlisted = SOUND.explain(&9.into(), None).in_language(Language::Chinese);
        assert!(unlisted.advice.starts_with("未收录该错误码"), "{}", unlisted.advice);
    }
}
