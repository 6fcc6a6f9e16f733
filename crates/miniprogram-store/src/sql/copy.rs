use async_trait::async_trait;
use miniprogram_core::Result;
use zeroize::Zeroizing;

use super::super::{OVERRIDING, highest_id, raise_id};
use super::maintenance::PAGE;
use super::*;
use crate::copy::{Cell, CopiedRow, CopiedTable, Copying, Kind};

#[async_trait]
impl Copying for Handle {
    async fn rows_behind(&self, table: &'static CopiedTable, after: i64) -> Result<Vec<CopiedRow>> {
        let arguments = (self.keys().clone(), table, after);
        self.read("copy", arguments, |db, (keys, table, after)| {
            Box::pin(rows_behind(db, keys, table, *after))
        })
        .await
    }

    async fn put_rows(&self, table: &'static CopiedTable, rows: Vec<CopiedRow>) -> Result<()> {
        let arguments = (self.keys().clone(), table, rows);
        self.write("copy", arguments, |db, (keys, table, rows)| {
            Box::pin(async move {
                for row in rows {
                    put(db, keys, table, row).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn highest_id(&self, table: &'static CopiedTable) -> Result<i64> {
        self.read("copy", table, |db, table| Box::pin(highest_id(db, table.name))).await
    }

    async fn raise_id(&self, table: &'static CopiedTable, id: i64) -> Result<()> {
        self.write("copy", (table, id), |db, (table, id)| Box::pin(raise_id(db, table.name, *id))).await
    }

    async fn make_lanes(&self) -> Result<()> {
        self.write("copy", (), |db, ()| {
            Box::pin(async move {
                query(
                    "INSERT INTO lanes (vendor, platform, app, head, ready_at) \
                     SELECT e.vendor, e.platform, e.app, e.id, e.due_at FROM events e \
                     WHERE e.state = 'pending' AND e.id = (SELECT MIN(o.id) FROM events o WHERE o.vendor = e.vendor \
                     AND o.platform = e.platform AND o.app = e.app AND o.state = 'pending') \
                     ON CONFLICT (vendor, platform, app) DO UPDATE SET head = excluded.head, ready_at = excluded.ready_at",
                )
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn end(&self) {
        self.shut_down().await;
    }
}

async fn rows_behind(
    db: &mut Conn,
    keys: &StoreKeys,
    table: &'static CopiedTable,
    after: i64,
) -> Result<Vec<CopiedRow>, Failure> {
    let columns: Vec<_> = table.columns.iter().map(|(column, _)| *column).collect();
    let statement = format!(
        "SELECT id, {} FROM {} WHERE id > $1 ORDER BY id LIMIT {PAGE}",
        columns.join(", "),
        table.name
    );
    let mut rows = Vec::new();
    for row in dynamic_query(statement).bind(after).fetch_all(db).await? {
        rows.push(row_in(keys, table, &row)?);
    }
    Ok(rows)
}

fn row_in(keys: &StoreKeys, table: &'static CopiedTable, row: &Row) -> Result<CopiedRow, Failure> {
    let mut cells = Vec::new();
    for (column, kind) in table.columns {
        cells.push(match kind {
            Kind::Number => Cell::Number(row.try_get(*column)?),
            Kind::Text => Cell::Text(row.try_get(*column)?),
            Kind::Sealed => Cell::Sealed(row.try_get::<Option<Vec<u8>>, _>(*column)?.map(Zeroizing::new)),
        });
    }
    let mut copied = CopiedRow { id: row.try_get("id")?, cells };
    copied.end_lease(table);
    let place = table.place_of(&copied);
    let place: Vec<&str> = place.iter().map(String::as_str).collect();
    for (cell, (column, _)) in copied.cells.iter_mut().zip(table.columns) {
        if let Cell::Sealed(Some(stored)) = cell {
            let plain = keys.unseal(&Place { table: table.name, column, row: &place }, stored)?;
            *stored = Zeroizing::new(plain);
        }
    }
    Ok(copied)
}

async fn put(
    db: &mut Conn,
    keys: &StoreKeys,
    table: &'static CopiedTable,
    row: &CopiedRow,
) -> Result<(), Failure> {
    let columns: Vec<_> = table.columns.iter().map(|(column, _)| *column).collect();
    let numbers: Vec<_> = (2..columns.len() + 2).map(|number| format!("${number}")).collect();
    let statement = format!(
        "INSERT INTO {} (id, {}){OVERRIDING} VALUES ($1, {})",
        table.name,
        columns.join(", "),
        numbers.join(", ")
    );
    let place = table.place_of(row);
    let place: Vec<&str> = place.iter().map(String::as_str).collect();
    let mut insert = dynamic_query(statement).bind(row.id);
    for (cell, column) in row.cells.iter().zip(&columns) {
        insert = match cell {
            Cell::Number(number) => insert.bind(*number),
            Cell::Text(text) => insert.bind(text.clone()),
            Cell::Sealed(plain) => {
                let place = Place { table: table.name, column, row: &place };
                insert.bind(plain.as_ref().map(|plain| keys.seal(&place, plain)).transpose()?)
            }
        };
    }
    insert.execute(db).await?;
    Ok(())
}
