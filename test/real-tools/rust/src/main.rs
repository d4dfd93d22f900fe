//! Runs the migrators of sqlx, Diesel and refinery as their users' programs do:
//! `migrators <sqlx|diesel|refinery|refinery-grouped> <folder> <database URL>`.

use std::error::Error;
use std::path::Path;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [tool, folder, url] = arguments.as_slice() else {
        eprintln!("usage: migrators <sqlx|diesel|refinery|refinery-grouped> <folder> <database URL>");
        std::process::exit(2);
    };
    let outcome = match tool.as_str() {
        "sqlx" => run_sqlx(folder, url),
        "diesel" => run_diesel(folder, url),
        "refinery" => run_refinery(folder, url, false),
        "refinery-grouped" => run_refinery(folder, url, true),
        other => Err(format!("no such tool: {other}").into()),
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

fn run_diesel(folder: &str, url: &str) -> Outcome {
    use diesel::Connection;
    use diesel_migrations::{FileBasedMigrations, MigrationHarness};
    let mut connection = diesel::PgConnection::establish(url)?;
    let migrations = FileBasedMigrations::from_path(folder)?;
    connection.run_pending_migrations(migrations)?;
    Ok(())
}

fn run_refinery(folder: &str, url: &str, grouped: bool) -> Outcome {
    let migrations = refinery::load_sql_migrations(folder)?;
    let mut client = postgres::Client::connect(url, postgres::NoTls)?;
    refinery::Runner::new(&migrations).set_grouped(grouped).run(&mut client)?;
    Ok(())
}
