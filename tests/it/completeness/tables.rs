//! Every printed table of codes.

use std::fmt;

use miniprogram::baidu::BAIDU;
use miniprogram::vendor_api::StatusTable;
use miniprogram::{Code, ErrorKind, baidu, wechat};

use super::{CodeTable, TableKind, documents};

/// Text without whitespace and final punctuation, which the tables print inconsistently.
fn plain(words: &str) -> String {
    let words: String = words.chars().filter(|c| !c.is_whitespace()).collect();
    words.trim_end_matches(['。', '.', '，', ',', '；', ';']).to_lowercase()
}

/// The message of a table's row, or why there is none.
fn row_of(table: &CodeTable, code: i64) -> Result<&'static str, String> {
    match table.kind {
        TableKind::Error => {
            let explain = if table.vendor == BAIDU { baidu::codes::explain } else { wechat::codes::explain };
            let explanation = explain(&Code::Number(code), Some(&table.path));
            match explanation.table {
                // 0 is success, not an error.
                Some(_) if explanation.kind == ErrorKind::Vendor && code != 0 => {
                    Err("has no kind".to_owned())
                }
                Some(_) => Ok(explanation.meaning),
                None => Err("has no row".to_owned()),
            }
        }
        TableKind::Result => label(&baidu::values::CHECK_RESULT, code),
        TableKind::Status if table.field.ends_with("upload_status") => label(&baidu::codes::UPLOAD, code),
        TableKind::Status => label(&baidu::codes::PACKAGE_STAGE, code),
    }
}

fn label<S: Copy + fmt::Display>(table: &StatusTable<S>, code: i64) -> Result<&'static str, String> {
    let row = table.rows().iter().find(|row| row.code.as_number() == Some(code));
    row.map(|row| row.label).ok_or_else(|| format!("is not in {}", table.name()))
}

#[test]
fn every_row_of_every_table_is_known() {
    let mut problems = Vec::new();
    for table in documents().code_tables {
        for printed in &table.rows {
            let place = format!("{} {} {} {}", table.document, table.path, table.field, printed.code);
            match row_of(&table, printed.code) {
                Err(why) => problems.push(format!("{place} {why}")),
                // A value has one label: one table of document 001 prints another for status 3.
                Ok(_) if printed.words == "开发版本" => {}
                Ok(words) if plain(words).contains(&plain(&printed.words)) => {}
                Ok(words) => problems.push(format!("{place} says {:?}, not {words:?}", printed.words)),
            }
        }
    }
    assert!(problems.is_empty(), "{} rows:\n{}", problems.len(), problems.join("\n"));
}
