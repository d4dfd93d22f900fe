//! Runs the migrators of sqlx, Diesel and refinery as their users' programs do:
//! `migrators <sqlx|diesel|refinery|refinery-grouped> <folder> <database URL>`, and takes back what they did:
//! `migrators <sqlx|diesel> <folder> <database URL> <version to go back to, or number of migrations>`.

use std::error::Error;
use std::path::Path;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["sqlx", folder, url] => run_sqlx(folder, url),
        ["sqlx", folder, url, version] => undo_sqlx(folder, url, version),
        ["diesel", folder, url] => run_diesel(folder, url),
        ["diesel", folder, url, count] => revert_diesel(folder, url, count),
        ["refinery", folder, url] => run_refinery(folder, url, false),
        ["refinery-grouped", folder, url] => run_refinery(folder, url, true),
        _ => {
            eprintln!("usage: migrators <sqlx|diesel|refinery|refinery-grouped> <folder> <database URL> [how far back]");
            std::process::exit(2);
        }
    };
    if let Err(error) = outcome {
        eprintln!("{error}");
        let mut cause = error.source();
        while let Some(inner) = cause {
            eprintln!("  {inner}");
            cause = inner.source();
        }
        std::process::exit(1);
    }
}

fn run_sqlx(folder: &str, url: &str) -> Outcome {
    use sqlx::Connection;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let migrator = sqlx::migrate::Migrator::new(Path::new(folder)).await?;
        let mut connection = sqlx::PgConnection::connect(url).await?;
        migrator.run(&mut connection).await?;
        Ok(())
    })
}

/// As `sqlx migrate revert --target-version`.
fn undo_sqlx(folder: &str, url: &str, version: &str) -> Outcome {
    use sqlx::Connection;
    let version: i64 = version.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let migrator = sqlx::migrate::Migrator::new(Path::new(folder)).await?;
        let mut connection = sqlx::PgConnection::connect(url).await?;
        migrator.undo(&mut connection, version).await?;
        Ok(())
    })
}

fn run_diesel(folder: &str, url: &str) -> Outcome {
    use diesel::Connection;
    use diesel_migrations::{FileBasedMigrations, MigrationHarness};
    let mut connection = diesel::PgConnection::establish(url)?;
    let migrations = FileBasedMigrations::from_path(folder)?;
    connection.run_pending_migrations(migrations)?;
    Ok(())
}

/// As `diesel migration revert --number`.
fn revert_diesel(folder: &str, url: &str, count: &str) -> Outcome {
    use diesel::Connection;
    use diesel_migrations::{FileBasedMigrations, MigrationHarness};
    let count: usize = count.parse()?;
    let mut connection = diesel::PgConnection::establish(url)?;
    for _ in 0..count {
        connection.revert_last_migration(FileBasedMigrations::from_path(folder)?)?;
    }
    Ok(())
}

fn run_refinery(folder: &str, url: &str, grouped: bool) -> Outcome {
    let migrations = refinery::load_sql_migrations(folder)?;
    let mut client = postgres::Client::connect(url, postgres::NoTls)?;
    refinery::Runner::new(&migrations).set_grouped(grouped).run(&mut client)?;
    Ok(())
}
